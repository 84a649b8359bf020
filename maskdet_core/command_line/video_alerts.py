"""The events of a video that has been checked, sent as alerts."""

import argparse
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from maskdet_core.alerts.delivery import DRAIN_S, DeliveryLimits
from maskdet_core.alerts.events import Alert, AlertRules, AlertTracker
from maskdet_core.alerts.message import AlertMessage
from maskdet_core.command_line.alert_options import close_channels, open_channels
from maskdet_core.types import Verdict
from maskdet_core.video.events import EventKind, PersonEvent
from maskdet_core.video.watcher import STEP_S

if TYPE_CHECKING:
    from maskdet_core.alerts.channels import AlertChannels

_MAX_WAITING: Final = 1000
"""The events of a long film come all at once."""
_DRAIN_S: Final = 60.0
"""Time for them at the end; nobody waits for the next frame."""
_SAME_S: Final = 0.01
"""Intervals of one person with less between them follow each other; times are rounded so."""


@dataclass(slots=True)
class VideoAlerts:
    """Sends the events of videos.

    Attributes:
        send: takes the JSON object of each video that has been checked.
        was_interrupted: by Ctrl+C; then less time is taken for what still waits.
    """

    send: Callable[[dict[str, Any]], None]
    was_interrupted: bool = False


@contextmanager
def video_alerts(options: argparse.Namespace) -> Iterator[VideoAlerts]:
    """Send the events of videos where the options say so.

    Args:
        options: of `add_webhook_arguments`.

    Raises:
        AlertError: see `open_channels`.
    """
    if options.webhook is None:
        yield VideoAlerts(lambda row: None)
        return
    drain_s = DRAIN_S
    channels = open_channels(options, "", DeliveryLimits(max_waiting=_MAX_WAITING))
    try:
        alerts = VideoAlerts(
            lambda row: send_alerts(row, options.name or Path(row["path"]).stem, channels)
        )
        yield alerts
        if not alerts.was_interrupted:
            drain_s = _DRAIN_S
    finally:
        close_channels(channels, drain_s)


def send_alerts(row: dict[str, Any], name: str, channels: "AlertChannels") -> None:
    """Send what happened in a video; nothing of one that could not be used.

    Args:
        row: its JSON object; see `video_json`.
        name: of the video.
        channels: where to.
    """
    for alert in alerts_of(row):
        channels.send(AlertMessage(alert, name, datetime.now(UTC)))


def alerts_of(row: dict[str, Any], rules: AlertRules | None = None) -> Iterator[Alert]:
    """The events that the people of a video raise, as if it had been watched.

    Args:
        row: its JSON object; see `video_json`.
        rules: None takes the defaults.
    """
    if row["error"] is not None:
        return
    events = sorted(_events(row), key=lambda one: one.at_s)
    tracker = AlertTracker(rules)
    n_taken = 0
    # in steps, since a longer gap would pass for an outage
    for step in range(math.ceil(row["length_s"] / STEP_S) + 1):
        at_s = step * STEP_S
        first = n_taken
        while n_taken < len(events) and events[n_taken].at_s <= at_s:
            n_taken += 1
        yield from tracker.update(at_s, events[first:n_taken])


def _events(row: dict[str, Any]) -> Iterator[PersonEvent]:
    for person in row["people"]:
        number, end_s, verdict = person["person"], -math.inf, Verdict.NOT_SURE
        for one in person["intervals"]:
            kind = EventKind.VERDICT
            if one["start_s"] - end_s > _SAME_S:
                if end_s >= 0:
                    yield PersonEvent(EventKind.LEFT, number, end_s, verdict)
                kind = EventKind.APPEARED
            verdict, end_s = Verdict(one["verdict"]), one["end_s"]
            yield PersonEvent(kind, number, one["start_s"], verdict)
        if end_s >= 0:
            yield PersonEvent(EventKind.LEFT, number, end_s, verdict)
