"""Raises the alerts of one source, and sends them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol

from maskdet_core.alerts.events import Alert, AlertRules, AlertTracker, PeopleCounts
from maskdet_core.alerts.message import AlertMessage
from maskdet_core.video.events import PersonEvent


class Outlet(Protocol):
    """Where alerts of a source go: `AlertChannels`, or a part of some. No method waits."""

    def send(self, message: AlertMessage) -> None:
        """Send an alert."""
        ...

    def show(self, counts: PeopleCounts, n_alerting: int) -> None:
        """The people in view at the moment."""
        ...

    def set_available(self, is_available: bool) -> None:
        """Whether there is a picture to judge."""
        ...


def no_picture(alert: Alert) -> None:
    """No picture of anybody."""


class SourceAlerts:
    """Turns what happens to the people of one source into messages. Not thread-safe."""

    def __init__(self, name: str, outlet: Outlet, rules: AlertRules | None = None) -> None:
        """Begin without people.

        Args:
            name: of the source, as its operator calls it.
            outlet: where alerts go.
            rules: None takes the defaults.
        """
        self._name, self._outlet = name, outlet
        self._tracker = AlertTracker(rules)

    @property
    def n_alerting(self) -> int:
        """See `AlertTracker.n_alerting`."""
        return self._tracker.n_alerting

    def update(
        self,
        at_s: float,
        events: Iterable[PersonEvent],
        picture: Callable[[Alert], bytes | None] = no_picture,
    ) -> list[AlertMessage]:
        """Take what became known at a frame, and send what it raises.

        Args:
            at_s: the frame's time, not before that of the last call.
            events: of the frame.
            picture: gives a JPEG of the face that an alert is about; None for none.

        Returns:
            What was sent.
        """
        sent = [
            AlertMessage(alert, self._name, datetime.now(UTC), picture(alert))
            for alert in self._tracker.update(at_s, events)
        ]
        for message in sent:
            self._outlet.send(message)
        self._outlet.show(self._tracker.counts, self._tracker.n_alerting)
        return sent
