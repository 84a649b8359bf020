import json
from pathlib import Path

import pytest

from maskdet_app.ops.observability import operator_log
from maskdet_app.server import asgi
from maskdet_app.server.middleware import client_address
from testbed.repository import REPO_ROOT

MODELS = REPO_ROOT / "models"


@pytest.fixture(autouse=True)
def _nothing_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_log, "_logged", set())


def damaged_network(folder: Path) -> Path:
    """A copy of the shipped manifest beside a file with another checksum."""
    shipped = MODELS / "maskdet-vgg19-int8.json"
    manifest = folder / shipped.name
    manifest.write_bytes(shipped.read_bytes())
    file = json.loads(manifest.read_text())["file"]
    data = bytearray((MODELS / file).read_bytes())
    data[-1] ^= 1
    (folder / file).write_bytes(data)
    return manifest


@pytest.mark.parametrize("value", ["soon", "-1", "70000", "nan"])
def test_invalid_setting_prevents_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_GRACE_S", value)
    with pytest.raises(ValueError, match="MASKDET_GRACE_S"):
        asgi.app_options()


@pytest.mark.parametrize(
    "name",
    [
        "MASKDET_METRICS_PORT",
        "MASKDET_TRUSTED_PROXIES",
        "MASKDET_UPLOAD_MB_VISIT",
        "MASKDET_UPLOAD_MB_ADDRESS",
        "MASKDET_UPLOAD_MB_SERVER",
        "MASKDET_API",
        "MASKDET_API_KEYS",
    ],
)
def test_invalid_setting_is_logged_by_name(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, "many")
    with pytest.raises(ValueError, match=name):
        asgi.app_options()
    assert len(caplog.messages) == 1
    assert f"{name}: expected " in caplog.text


def test_unknown_log_format_prevents_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_LOG", "jsno")
    with pytest.raises(ValueError, match="MASKDET_LOG: expected one of text, json"):
        asgi.app_options()


def test_a_right_setup_logs_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (client_address.TRUSTED_PROXIES, *asgi.UPLOAD_MB.values()):
        monkeypatch.setenv(name, "1")
    asgi.report_settings()
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MASKDET_TURN", "cotrun", "MASKDET_TURN: expected one of static, coturn"),
        ("MASKDET_TURN", "coturn", "MASKDET_TURN_URLS is not set"),
        ("MASKDET_ICE_POLICY", "some", "expected one of all, relay"),
        ("MASKDET_ICE_SERVERS", "{", "MASKDET_ICE_SERVERS: "),
        ("MASKDET_MAX_VIEWERS", "many", "MASKDET_MAX_VIEWERS: expected a whole number"),
        ("MASKDET_TWO_CLASSES", "yes", "MASKDET_TWO_CLASSES: expected 0 or 1, got 'yes'"),
        ("MASKDET_TWO_CLASS", "1", "did you mean MASKDET_TWO_CLASSES?"),
        ("MASKDET_MODEL", "gone.json", "network gone.json: cannot read the model manifest"),
        ("MASKDET_MODEL", "gone.keras", "network gone.keras: gone.keras: no such file"),
        ("MASKDET_FINDER", "gone.json", "face finder gone.json: "),
        ("MASKDET_API_KEY", "3", "did you mean MASKDET_API_KEYS?"),
        ("MASKDET_MAXVIEWERS", "3", "did you mean MASKDET_MAX_VIEWERS?"),
        ("MASKDET_UPLOAD_MB_VISITS", "3", "did you mean MASKDET_UPLOAD_MB_VISIT?"),
        ("MASKDET_TRUSTED_PROXY", "1", "did you mean MASKDET_TRUSTED_PROXIES?"),
    ],
)
def test_a_wrong_setup_is_logged_at_the_start(
    name: str,
    value: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(name, value)
    asgi.report_settings()
    assert len(caplog.messages) == 1
    assert message in caplog.text


@pytest.mark.skipif(
    not (MODELS / "maskdet-vgg19-int8.tflite").is_file(), reason="models/ holds no network"
)
def test_a_wrong_checksum_is_logged_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MASKDET_MODEL", str(damaged_network(tmp_path)))
    asgi.report_settings()
    assert "expected sha256" in caplog.text
