"""Who is answered: keys, programs of this machine, and never a page of another site."""

import pytest

from maskdet_app.api.access import Access
from maskdet_app.api.problems import ProblemError
from maskdet_app.ops.settings import api_settings
from maskdet_app.ops.settings.api_settings import ApiSettings
from tests.app.api.fakes import KEY, Served, json_of

OTHER = "fedcba9876543210"
LOCAL = {"host": "localhost:8501"}


def refused(access: Access, headers: dict[str, str], client: str = "127.0.0.1") -> str:
    with pytest.raises(ProblemError) as raised:
        access.require(headers, client)
    return raised.value.kind.code


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "localhost:8501", "127.0.0.1:80", "[::1]:8501"])
def test_this_machine_is_answered_without_keys(client: str, host: str) -> None:
    assert Access(ApiSettings()).require({"host": host}, client) is None


@pytest.mark.parametrize("client", ["192.0.2.7", "2001:db8::1", "0.0.0.0", "", "localhost.evil"])
def test_other_machines_are_not(client: str) -> None:
    assert refused(Access(ApiSettings()), LOCAL, client) == "api-off"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8501",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "192.0.2.7",
        "",
        "0.0.0.0:8501",
        "[::]",
        "[",
        "localhost@evil.example",
    ],
)
def test_a_name_that_a_stranger_made_lead_here_is_refused(host: str) -> None:
    assert refused(Access(ApiSettings()), {"host": host}) == "api-off"


@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-host"]
)
def test_what_a_proxy_passes_on_is_not_of_this_machine(header: str) -> None:
    assert refused(Access(ApiSettings()), {**LOCAL, header: "127.0.0.1"}) == "api-off"


def test_a_public_server_answers_nobody_without_keys() -> None:
    assert refused(Access(ApiSettings(is_public=True)), LOCAL) == "api-off"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": OTHER},
        {"authorization": f"Bearer {OTHER}"},
        {"authorization": f"bearer {KEY}"},
    ],
)
def test_any_of_the_keys_is_enough_from_anywhere(headers: dict[str, str]) -> None:
    access = Access(ApiSettings(keys=(KEY, OTHER), is_public=True))
    wanted = "key 0" if KEY in str(headers) else "key 1"
    assert access.require({"host": "maskdet.example", **headers}, "192.0.2.7") == wanted


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": KEY[:-1]},
        {"x-api-key": KEY + "0"},
        {"authorization": f"Basic {KEY}"},
        {"authorization": KEY},
        {"x-api-key": ""},
        {"x-api-key": "\udcff"},
    ],
)
def test_without_a_right_key_nobody_is(headers: dict[str, str]) -> None:
    access = Access(ApiSettings(keys=(KEY,)))
    assert refused(access, {**LOCAL, **headers}) == "key-needed"


def test_wrong_keys_are_limited_by_address() -> None:
    access = Access(ApiSettings(keys=(KEY,)))
    codes = [refused(access, {**LOCAL, "x-api-key": OTHER}, "192.0.2.7") for _ in range(21)]
    assert codes == ["key-needed"] * 20 + ["too-many-requests"]
    assert refused(access, {**LOCAL, "x-api-key": OTHER}, "192.0.2.8") == "key-needed"
    assert access.require({**LOCAL, "x-api-key": KEY}, "192.0.2.7") == "key 0"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("keys", [(), (KEY,)])
def test_pages_of_other_sites_are_refused(headers: dict[str, str], keys: tuple[str, ...]) -> None:
    access = Access(ApiSettings(keys=keys))
    assert refused(access, {**LOCAL, "x-api-key": KEY, **headers}) == "cross-site"


def test_pages_of_this_server_are_answered() -> None:
    headers = {**LOCAL, "origin": "http://localhost:8501", "sec-fetch-site": "same-origin"}
    assert Access(ApiSettings()).require(headers, "127.0.0.1") is None


def test_a_refusal_says_how_to_authenticate_and_reads_no_picture() -> None:
    served = Served(ApiSettings(keys=(KEY,)))
    answer = served.check(b"x")
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "access-control-allow-origin" not in answer.headers
    assert KEY not in str(json_of(answer))
    assert served.decoder.n_most == 0


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(api_settings.KEYS, f" {KEY}, {OTHER},")
    monkeypatch.setenv(api_settings.MAX_MB, "1.5")
    monkeypatch.setenv(api_settings.PER_S, "20")
    found = ApiSettings.from_environment(is_behind_proxy=True)
    assert found == ApiSettings(True, (KEY, OTHER), 1_500_000, 20.0, True)
    assert KEY not in repr(found)
    monkeypatch.setenv(api_settings.SWITCH, "0")
    assert not ApiSettings.from_environment(is_behind_proxy=False).is_on


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (api_settings.SWITCH, "on"),
        (api_settings.KEYS, "short-secret"),
        (api_settings.KEYS, f"{KEY},a key with spaces in it"),
        (api_settings.MAX_MB, "0"),
        (api_settings.MAX_MB, "nan"),
        (api_settings.PER_S, "many"),
    ],
)
def test_invalid_settings_are_named_without_a_key(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"^{name}: expected") as raised:
        ApiSettings.from_environment(is_behind_proxy=False)
    assert "secret" not in str(raised.value)
