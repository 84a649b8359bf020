"""The ASGI app around the pages, configured by environment variables.

Settings are environment variables only: they are needed before Streamlit can read its secrets.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.middleware import Middleware

from maskdet_app.live import resources
from maskdet_app.ops import build_info, metrics, shutdown
from maskdet_app.server import json_logs, link_preview, middleware

_LOG: Final = logging.getLogger(__name__)

LOG_FORMAT: Final = "MASKDET_LOG"
"""``json`` writes one JSON object per log line."""
METRICS_PORT: Final = "MASKDET_METRICS_PORT"
"""Port of the Prometheus metrics; without it there are none."""
METRICS_ADDRESS: Final = "MASKDET_METRICS_ADDRESS"
"""Local address that the metrics port is bound to; the loopback by default."""
FRAME_ANCESTORS: Final = "MASKDET_FRAME_ANCESTORS"
"""Sites that may embed the pages, in the syntax of Content-Security-Policy."""
GRACE_PERIOD: Final = "MASKDET_GRACE_S"
"""How long viewers are told that the server stops before it exits, in seconds."""
DEFAULT_GRACE_S: Final = 5.0


def app_options() -> dict[str, Any]:
    """Keyword arguments of `st.App`.

    Raises:
        ValueError: a setting has an invalid value.
    """
    if os.environ.get(LOG_FORMAT) == "json":
        json_logs.use_json()
    # Validated here too, so that an invalid value prevents the start and not a clean exit.
    _number(GRACE_PERIOD, DEFAULT_GRACE_S)
    return {
        "lifespan": _lifespan,
        "middleware": [
            Middleware(
                middleware.SecurityHeaders,
                frame_ancestors=os.environ.get(FRAME_ANCESTORS) or "'self'",
            ),
            Middleware(middleware.RateLimits),
            Middleware(link_preview.LinkPreview),
        ],
        "routes": link_preview.routes(),
        "on_script_error": _count_page_error,
    }


@asynccontextmanager
async def _lifespan(_app: Any) -> AsyncIterator[None]:
    build = (build_info.version(), build_info.commit(), build_info.model())
    metrics.INFO.labels(*build).set(1)
    port = _number(METRICS_PORT, 0)
    if port:
        metrics.serve(int(port), os.environ.get(METRICS_ADDRESS) or "127.0.0.1")
    shutdown.drain_before_exit(_number(GRACE_PERIOD, DEFAULT_GRACE_S), _n_viewers)
    _LOG.info("version %s, commit %s, network %s", *build)
    yield
    _LOG.info("stopped")


def _n_viewers() -> int:
    try:
        return resources.admission().n_active
    except ValueError:
        return resources.measured_admission().n_active


def _count_page_error(error: Exception) -> None:
    metrics.PAGE_ERRORS.inc()
    # Only the type: a message could contain a visitor's data.
    _LOG.error("a page failed by %s", type(error).__name__)


def _number(name: str, default: float) -> float:
    value = os.environ.get(name)
    try:
        number = float(value) if value else default
    except ValueError:
        number = -1.0
    if not 0 <= number <= 65535:
        raise ValueError(f"{name}: expected a number from 0 to 65535, got {value!r}")
    return number
