"""What goes around the pages on a public server, by the settings of whoever runs it.

All settings are environment variables: they are needed before there is any page.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.middleware import Middleware

from maskdet_app.live import resources as live_room
from maskdet_app.ops import build_info as build
from maskdet_app.ops import metrics as monitoring
from maskdet_app.ops import shutdown as farewell
from maskdet_app.server import json_logs as logs
from maskdet_app.server import link_preview as front
from maskdet_app.server import middleware as guards

_LOG: Final = logging.getLogger(__name__)

LOG: Final = "MASKDET_LOG"
"""``json`` for one object a line."""
METRICS_PORT: Final = "MASKDET_METRICS_PORT"
"""Port of the numbers for Prometheus; none without it."""
METRICS_ADDRESS: Final = "MASKDET_METRICS_ADDRESS"
"""Where that port is: this machine alone, unless said otherwise."""
FRAMES: Final = "MASKDET_FRAME_ANCESTORS"
"""Who may show the pages in a frame, as Content-Security-Policy has it."""
GRACE: Final = "MASKDET_GRACE_S"
"""How long viewers are told that the server stops, before it does."""
GRACE_S: Final = 5.0


def options() -> dict[str, Any]:
    """Keyword arguments of `st.App`.

    Raises:
        ValueError: a setting cannot be used.
    """
    if os.environ.get(LOG) == "json":
        logs.use_json()
    ancestors = os.environ.get(FRAMES) or "'self'"
    # read here too, so that a wrong one stops the start and not the end
    _number(GRACE, GRACE_S)
    return {
        "lifespan": _lifespan,
        "middleware": [
            Middleware(guards.SecurityHeaders, frame_ancestors=ancestors),
            Middleware(guards.RateLimits),
            Middleware(front.LinkPreview),
        ],
        "routes": front.routes(),
        "on_script_error": _note_page_error,
    }


@asynccontextmanager
async def _lifespan(_app: Any) -> AsyncIterator[None]:
    monitoring.INFO.labels(build.version(), build.commit(), build.model()).set(1)
    port = _number(METRICS_PORT, 0)
    if port:
        monitoring.serve(int(port), os.environ.get(METRICS_ADDRESS) or "127.0.0.1")
    farewell.drain_before_exit(_number(GRACE, GRACE_S), _n_viewers)
    _LOG.info("version %s, commit %s, network %s", build.version(), build.commit(), build.model())
    yield
    _LOG.info("stopped")


def _n_viewers() -> int:
    try:
        return live_room.admission().n_active
    except ValueError:
        return live_room.measured_admission().n_active


def _note_page_error(error: Exception) -> None:
    monitoring.PAGE_ERRORS.inc()
    # the type alone: a message could carry what a visitor handed in
    _LOG.error("a page failed by %s", type(error).__name__)


def _number(name: str, default: float) -> float:
    said = os.environ.get(name)
    try:
        number = float(said) if said else default
    except ValueError:
        number = -1.0
    if not 0 <= number <= 65535:
        raise ValueError(f"{name}: expected a number from 0 to 65535, got {said!r}")
    return number
