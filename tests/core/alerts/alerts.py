"""An alert to send, and waiting for what happens on another thread."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from maskdet_core.alerts.events import Alert, AlertKind, PeopleCounts
from maskdet_core.alerts.message import AlertMessage


def message(at_s: float = 3.0, jpeg: bytes | None = None) -> AlertMessage:
    counts = PeopleCounts(with_mask=2, without_mask=1)
    alert = Alert(AlertKind.NO_MASK, at_s, at_s - 2, 4, counts, 1)
    time_then = datetime(2026, 5, 4, 9, 30, 0, 250_000, tzinfo=UTC)
    return AlertMessage(alert, "entrance", time_then, jpeg)


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    until_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until_s, "waited in vain"
        time.sleep(0.01)
