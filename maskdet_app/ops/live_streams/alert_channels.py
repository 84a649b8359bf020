"""The ways by which alerts leave this server: opened once for all live sessions, once a camera."""

import itertools
import logging
import threading
from collections import Counter
from dataclasses import asdict
from functools import lru_cache
from typing import Final

from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.settings.alert_settings import AlertSettings
from maskdet_core.alerts.channels import AlertChannels
from maskdet_core.alerts.events import PeopleCounts
from maskdet_core.alerts.message import AlertMessage
from maskdet_core.errors import AlertError

_LOG: Final = logging.getLogger(__name__)
_LOCK: Final = threading.RLock()


class SessionOutlet:
    """Where the alerts of one live session go: a `maskdet_core.alerts.source.Outlet`."""

    def __init__(self, shared: "LiveChannels") -> None:
        """Take the channels of all sessions."""
        self._shared = shared

    def send(self, message: AlertMessage) -> None:
        """Send an alert."""
        self._shared.channels.send(message)

    def show(self, counts: PeopleCounts, n_alerting: int) -> None:
        """The people in view of this session at the moment."""
        self._shared.show(self, counts, n_alerting)

    def set_available(self, is_available: bool) -> None:
        """Whether this session has a picture to judge."""
        self._shared.set_available(self, is_available)


class LiveChannels:
    """The channels of all live sessions. What is said of the people in view is of all together.

    Attributes:
        channels: that they share.
    """

    def __init__(self, channels: AlertChannels, name: str) -> None:
        """Begin without a session.

        Args:
            channels: that the sessions share.
            name: of all; each stream gets a number besides.
        """
        self.channels, self._name = channels, name
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._shown: dict[SessionOutlet, tuple[PeopleCounts, int]] = {}

    def next_name(self) -> str:
        """The name of the next stream in alerts."""
        return f"{self._name} {next(self._numbers)}"

    def show(self, session: SessionOutlet, counts: PeopleCounts, n_alerting: int) -> None:
        """The people in view of a session at the moment."""
        with self._lock:
            if session not in self._shown:
                return
            self._shown[session] = (counts, n_alerting)
        self._show_all()

    def set_available(self, session: SessionOutlet, is_available: bool) -> None:
        """Whether a session has a picture to judge."""
        with self._lock:
            if is_available:
                self._shown.setdefault(session, (PeopleCounts(), 0))
            else:
                self._shown.pop(session, None)
            is_any = bool(self._shown)
        self._show_all()
        self.channels.set_available(is_any)

    def _show_all(self) -> None:
        with self._lock:
            shown = list(self._shown.values())
        total: Counter[str] = Counter()
        for counts, _ in shown:
            total.update(asdict(counts))
        self.channels.show(PeopleCounts(**total), sum(n for _, n in shown))


def settings() -> AlertSettings:
    """The settings; an invalid one is logged, and then no alert leaves."""
    try:
        return AlertSettings.from_environment()
    except ValueError as error:
        operator_log.log_once(str(error))
        return AlertSettings()


def live() -> LiveChannels | None:
    """The channels of live sessions; None where the operator allows none or they cannot be used."""
    found = settings()
    return _opened_live(found) if found.of_live else None


def camera(name: str) -> AlertChannels:
    """Channels for one camera, which the caller closes; to nowhere if the operator allows none."""
    found = settings()
    opened = _opened(found, name) if found.of_cameras else None
    return AlertChannels() if opened is None else opened


def close() -> None:
    """Send what waits, for a while, and end; for the end of the server."""
    with _LOCK:
        for opened in _LIVE:
            opened.channels.close()
        _LIVE.clear()
        _opened_live.cache_clear()


_LIVE: Final[list[LiveChannels]] = []


@lru_cache(maxsize=1)
def _opened_live(found: AlertSettings) -> LiveChannels | None:
    with _LOCK:
        channels = _opened(found, found.live_name)
        if channels is None:
            return None
        opened = LiveChannels(channels, found.live_name)
        _LIVE.append(opened)
        return opened


def _opened(found: AlertSettings, name: str) -> AlertChannels | None:
    try:
        return found.addresses.open(name, notify=_tell)
    except AlertError as error:
        operator_log.log_once(f"alerts: {error}")
        return None


def _tell(message: str) -> None:
    _LOG.warning("%s", message)
