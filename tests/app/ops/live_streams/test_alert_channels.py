"""The operator's alerts: off by default, together for all live sessions, without secrets."""

import json
from collections.abc import Iterator

import pytest

from maskdet_app.ops.live_streams import alert_channels
from maskdet_app.ops.live_streams.alert_channels import LiveChannels, SessionOutlet
from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.settings import alert_settings
from maskdet_app.ops.settings.alert_settings import AlertSettings
from maskdet_core.alerts.channels import AlertChannels
from maskdet_core.alerts.events import PeopleCounts
from tests.core.alerts.alerts import message, wait_for
from tests.core.alerts.receiver import Receiver, serving, verify

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in alert_settings.SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(operator_log, "_logged", set())
    yield
    alert_channels.close()


class Shown:
    """As MQTT: keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[PeopleCounts, int]] = []
        self.available: list[bool] = []

    def send(self, message: object) -> None:
        """Not of interest."""

    def show(self, counts: PeopleCounts, n_alerting: int) -> None:
        self.shown.append((counts, n_alerting))

    def set_available(self, is_available: bool) -> None:
        self.available.append(is_available)


def test_by_default_nothing_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASKDET_WEBHOOK_URL", "https://example.org/x")
    assert AlertSettings.from_environment() == AlertSettings()
    assert alert_channels.live() is None
    assert alert_channels.camera("Door") == AlertChannels()


@pytest.mark.parametrize("sources", ["live", "cameras", "cameras, live"])
def test_only_what_is_named_raises_alerts(sources: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Receiver()) as receiver:
        monkeypatch.setenv(alert_settings.SOURCES, sources)
        monkeypatch.setenv("MASKDET_WEBHOOK_URL", f"{receiver.url}?token={SECRET}")
        monkeypatch.setenv("MASKDET_WEBHOOK_SECRET", SECRET)
        found = AlertSettings.from_environment()
        assert (found.of_live, found.of_cameras) == ("live" in sources, "cameras" in sources)
        assert SECRET not in repr(found)
        live, camera = alert_channels.live(), alert_channels.camera("Door")
        assert (live is not None, camera.webhook is not None) == (found.of_live, found.of_cameras)
        if live is not None:
            # the same for all sessions
            assert alert_channels.live() is live
            SessionOutlet(live).send(message())
        else:
            camera.send(message())
        wait_for(lambda: receiver.got)
        camera.close()
        alert_channels.close()
    ((headers, body),) = receiver.got
    verify(headers, body, SECRET.encode())
    assert json.loads(body)["picture_jpeg_base64"] is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"MASKDET_ALERTS": "photos"}, "MASKDET_ALERTS: expected cameras, live or both"),
        ({"MASKDET_ALERTS": "live"}, "MASKDET_WEBHOOK_URL or MASKDET_MQTT"),
        ({"MASKDET_ALERTS": "live", "MASKDET_MQTT": "s3cret@host"}, "expected HOST or HOST:PORT"),
        (
            {"MASKDET_ALERTS": "live", "MASKDET_MQTT": "h", "MASKDET_MQTT_TLS": "s3cret"},
            "MASKDET_MQTT_TLS: expected 0 or 1",
        ),
        (
            {"MASKDET_ALERTS": "live", "MASKDET_MQTT": "h", "MASKDET_ALERT_PLACE": "s3cret" * 99},
            "at most 80",
        ),
    ],
)
def test_an_invalid_setting_is_logged_and_nothing_leaves(
    settings: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert alert_channels.settings() == AlertSettings()
    assert words in caplog.text and "s3cret" not in caplog.text


def test_an_address_that_cannot_be_used_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(alert_settings.SOURCES, "live")
    monkeypatch.setenv("MASKDET_WEBHOOK_URL", "ftp://me:s3cret@example.org/s3cret")
    assert alert_channels.live() is None
    assert "expected https://" in caplog.text and "s3cret" not in caplog.text


def test_people_of_all_sessions_are_shown_together() -> None:
    shown = Shown()
    channels = LiveChannels(shown, "live")  # type: ignore[arg-type]
    one, other = SessionOutlet(channels), SessionOutlet(channels)
    one.set_available(True)
    one.show(PeopleCounts(without_mask=1), 1)
    other.set_available(True)
    other.show(PeopleCounts(with_mask=2), 0)
    assert shown.shown[-1] == (PeopleCounts(with_mask=2, without_mask=1), 1)
    one.set_available(False)
    # a late word of a stream that has ended
    one.show(PeopleCounts(without_mask=5), 5)
    assert shown.shown[-1] == (PeopleCounts(with_mask=2), 0)
    assert shown.available == [True, True, True]
    other.set_available(False)
    assert shown.available[-1] is False
    assert [channels.next_name() for _ in range(2)] == ["live 1", "live 2"]
