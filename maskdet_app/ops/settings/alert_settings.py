"""Settings of the alerts that leave the pages: which sources raise them, and where they go."""

import os
from dataclasses import dataclass, field
from typing import Final, Self

from maskdet_core.alerts.addresses import MQTT_PASSWORD, MQTT_USER, WEBHOOK_SECRET, WEBHOOK_URL
from maskdet_core.alerts.channels import AlertAddresses
from maskdet_core.alerts.mqtt import MqttAddress, parse_broker

SOURCES: Final = "MASKDET_ALERTS"
"""``cameras``, ``live``, or both separated by a comma; without it no alert leaves."""
MQTT: Final = "MASKDET_MQTT"
"""HOST or HOST:PORT of a broker."""
MQTT_TLS: Final = "MASKDET_MQTT_TLS"
"""1: speak with the broker by TLS."""
ALLOW_PLAIN: Final = "MASKDET_ALERT_PLAIN"
"""1: send to public addresses without encryption, too."""
WITH_PICTURE: Final = "MASKDET_ALERT_PICTURE"
"""1: alerts of cameras hold a small picture of the face; those of live sessions never do."""
PLACE: Final = "MASKDET_ALERT_PLACE"
"""Where alerts go, in words for visitors."""
LIVE_NAME: Final = "MASKDET_ALERT_NAME"
"""Name of the live sessions in alerts and topics."""
SETTINGS: Final = (
    *(SOURCES, WEBHOOK_URL, WEBHOOK_SECRET, MQTT, MQTT_TLS, MQTT_USER, MQTT_PASSWORD),
    *(ALLOW_PLAIN, WITH_PICTURE, PLACE, LIVE_NAME),
)
_CAMERAS, _LIVE = "cameras", "live"
_MAX_WORDS_CHARS: Final = 80


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How alerts are set up.

    Attributes:
        of_cameras: whether network cameras raise them.
        of_live: whether live sessions do.
        addresses: where they go.
        with_picture: whether those of cameras hold a face.
        place: where they go, in words for visitors; None where the operator says nothing.
        live_name: of live sessions.
    """

    of_cameras: bool = False
    of_live: bool = False
    addresses: AlertAddresses = field(default_factory=AlertAddresses)
    with_picture: bool = False
    place: str | None = None
    live_name: str = _LIVE

    @classmethod
    def from_environment(cls) -> Self:
        """Read the settings; they may hold secrets, so Streamlit's secrets are not looked at.

        Raises:
            ValueError: one has an invalid value; the message holds no secret.
        """
        asked = [part.strip() for part in os.environ.get(SOURCES, "").split(",")]
        sources = {part for part in asked if part}
        if sources - {_CAMERAS, _LIVE}:
            raise ValueError(f"{SOURCES}: expected {_CAMERAS}, {_LIVE} or both, got another")
        if not sources:
            return cls()
        addresses = AlertAddresses(
            os.environ.get(WEBHOOK_URL) or None,
            os.environ.get(WEBHOOK_SECRET) or None,
            _broker(),
            _is_on(ALLOW_PLAIN),
        )
        if addresses.webhook is None and addresses.broker is None:
            raise ValueError(f"{SOURCES}: expected {WEBHOOK_URL} or {MQTT} beside it, got neither")
        return cls(
            _CAMERAS in sources,
            _LIVE in sources,
            addresses,
            _is_on(WITH_PICTURE),
            _words(PLACE),
            _words(LIVE_NAME) or _LIVE,
        )


def _broker() -> MqttAddress | None:
    text = os.environ.get(MQTT)
    if not text:
        return None
    try:
        host, port = parse_broker(text)
    except ValueError as error:
        raise ValueError(f"{MQTT}: {error}") from None
    user, password = os.environ.get(MQTT_USER), os.environ.get(MQTT_PASSWORD)
    return MqttAddress(
        host, port, _is_on(MQTT_TLS), user or None, password or None, _is_on(ALLOW_PLAIN)
    )


def _is_on(name: str) -> bool:
    value = os.environ.get(name) or "0"
    if value not in ("0", "1"):
        raise ValueError(f"{name}: expected 0 or 1, got another")
    return value == "1"


def _words(name: str) -> str | None:
    words = os.environ.get(name, "").strip()
    if len(words) > _MAX_WORDS_CHARS or not words.isprintable():
        raise ValueError(f"{name}: expected at most {_MAX_WORDS_CHARS} printable characters")
    return words or None
