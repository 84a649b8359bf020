"""The alerts of a live session: its tracks as people, never with a picture."""

from collections.abc import Callable, Iterable, Mapping

from maskdet_core.alerts.events import AlertRules
from maskdet_core.alerts.source import Outlet, SourceAlerts
from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.track import Track
from maskdet_core.types import Face
from maskdet_core.video.people import PeopleFollower


class SessionAlerts:
    """Told of a session's frames by its `LiveProcessor`: a `FrameObserver`.

    Not thread-safe. A stream that has ended begins with new people.
    """

    def __init__(
        self, name: Callable[[], str], outlet: Outlet, rules: AlertRules | None = None
    ) -> None:
        """Begin without a stream.

        Args:
            name: gives the name of the next stream in alerts.
            outlet: where alerts go.
            rules: None takes the defaults.
        """
        self._name, self._outlet, self._rules = name, outlet, rules
        self._alerts: SourceAlerts | None = None
        self._people = PeopleFollower()
        self._newest_s = 0.0

    def frame(self, frame: LiveFrame, tracks: Iterable[Track], faces: Mapping[int, Face]) -> None:
        """Send what a frame raises; takes a fraction of a millisecond."""
        if self._alerts is None:
            self._alerts = SourceAlerts(self._name(), self._outlet, self._rules)
            self._outlet.set_available(True)
        self._newest_s = frame.received_s
        self._alerts.update(frame.received_s, self._people.update(frame, tracks, faces))

    def restarted(self) -> None:
        """Track ids begin anew: who was seen may come back."""
        events = self._people.restart(self._newest_s)
        if self._alerts is not None:
            self._alerts.update(self._newest_s, events)

    def ended(self) -> None:
        """The stream has ended."""
        self._alerts = None
        self._people = PeopleFollower()
        self._outlet.set_available(False)
