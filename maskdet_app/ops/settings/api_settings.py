"""Settings of the HTTP API, and where its documentation is served."""

import os
from dataclasses import dataclass, field
from typing import Final, Self

from streamlit import config

from maskdet_app.ops.settings import server_address

SWITCH: Final = "MASKDET_API"
"""0: there is no API. 1, the default: with a key, or without keys for this machine alone."""
KEYS: Final = "MASKDET_API_KEYS"
"""Keys, separated by commas. With one or more, every request needs one, also on this machine."""
MAX_MB: Final = "MASKDET_API_MB"
"""Most MB of one request's body."""
PER_S: Final = "MASKDET_API_PICTURES_PER_S"
"""Pictures a second that one client may send for long, after a burst of `BURST`."""
SETTINGS: Final = (SWITCH, KEYS, MAX_MB, PER_S)

MIN_KEY_CHARS: Final = 16
"""Of a key: 16 hex digits take 2**63 guesses on average."""
BURST: Final = 600
"""Pictures that one client may send at once: as many as a visitor of the photo page."""
_PREFIX: Final = "/api/v1"
_DEFAULT_MB: Final = 100.0
_DEFAULT_PER_S: Final = 2.0
"""As for uploads on the photo page."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How the API is set up.

    Attributes:
        is_on: whether there is one.
        keys: keys of which a request needs one; without any, only this machine is answered.
        max_bytes: most bytes of one request's body.
        per_s: pictures a second that one client may send for long.
        is_public: the server is known to stand behind a proxy or under a public name. Then nobody
            is answered without a key: a request that a proxy passes on looks like a local one.
    """

    is_on: bool = True
    keys: tuple[str, ...] = field(default=(), repr=False)
    max_bytes: int = int(_DEFAULT_MB * 1e6)
    per_s: float = _DEFAULT_PER_S
    is_public: bool = False

    @classmethod
    def from_environment(cls, *, is_behind_proxy: bool) -> Self:
        """Read the settings.

        Args:
            is_behind_proxy: a trusted proxy is configured.

        Raises:
            ValueError: one has an invalid value; the message holds no key.
        """
        switch = os.environ.get(SWITCH) or "1"
        if switch not in ("0", "1"):
            raise ValueError(f"{SWITCH}: expected 0 or 1, got {switch!r}")
        return cls(
            switch == "1",
            _keys(os.environ.get(KEYS, "")),
            int(_positive(MAX_MB, _DEFAULT_MB) * 1e6),
            _positive(PER_S, _DEFAULT_PER_S),
            is_behind_proxy or _has_public_name(),
        )


_mounted: list[ApiSettings] = []


def note_mounted(settings: ApiSettings) -> None:
    """Remember that this process serves the API, for pages that link to its documentation."""
    _mounted[:] = [settings]


def base_url() -> str:
    """Path of the API on this server, such as ``/api/v1``."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return (f"/{base}" if base else "") + _PREFIX


def docs_url() -> str | None:
    """Path of the API's documentation; None where this process serves no API."""
    return f"{base_url()}/docs" if _mounted and _mounted[0].is_on else None


def _keys(value: str) -> tuple[str, ...]:
    keys = tuple(key for key in (part.strip() for part in value.split(",")) if key)
    for number, key in enumerate(keys, 1):
        if len(key) < MIN_KEY_CHARS or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError(
                f"{KEYS}: expected {MIN_KEY_CHARS} or more printable ASCII characters without "
                f"spaces in each key, got {len(key)} characters in key {number}"
            )
    return keys


def _positive(name: str, default: float) -> float:
    value = os.environ.get(name)
    try:
        number = float(value) if value else default
    except ValueError:
        number = 0.0
    # written so that NaN is refused
    if not 0 < number <= 1e6:
        raise ValueError(f"{name}: expected a number above 0 and up to 1000000, got {value!r}")
    return number


def _has_public_name() -> bool:
    if not config.is_manually_set("browser.serverAddress"):
        return False
    return not server_address.is_loopback(str(config.get_option("browser.serverAddress")))
