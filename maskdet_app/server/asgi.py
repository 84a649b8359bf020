"""The ASGI app around the pages, configured by environment variables.

Settings are environment variables only: they are needed before Streamlit can read its secrets.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from starlette.middleware import Middleware
from streamlit import runtime

from maskdet_app.live import resources
from maskdet_app.ops import build_info, metrics, shutdown, upload_memory
from maskdet_app.ops.upload_quota import QUOTA, UploadLimits
from maskdet_app.server import (
    client_address,
    connection_guard,
    json_logs,
    link_preview,
    middleware,
    session_reaper,
)
from maskdet_app.server.body_timeout import BodyTimeout
from maskdet_app.server.media_cache import NoStoreForMedia
from maskdet_app.server.upload_guard import UploadGuard, stored_files

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
UPLOAD_MB: Final[dict[str, str]] = {
    "visit": "MASKDET_UPLOAD_MB_VISIT",
    "address": "MASKDET_UPLOAD_MB_ADDRESS",
    "server": "MASKDET_UPLOAD_MB_SERVER",
}
"""Most MB of uploads in memory, by what they are counted for."""
_CONNECTIONS: Final = connection_guard.ConnectionGuard()


def app_options() -> dict[str, Any]:
    """Keyword arguments of `st.App`.

    Raises:
        ValueError: a setting has an invalid value.
    """
    if os.environ.get(LOG_FORMAT) == "json":
        json_logs.use_json()
    # Validated here too, so that an invalid value prevents the start and not a clean exit.
    _number(GRACE_PERIOD, DEFAULT_GRACE_S)
    QUOTA.limits = _upload_limits(QUOTA.limits)
    QUOTA.stored = stored_files
    upload_memory.keep_uploads_in_memory()
    connection_guard.install(_CONNECTIONS)
    return {
        "lifespan": _lifespan,
        "middleware": [
            Middleware(
                middleware.SecurityHeaders,
                frame_ancestors=os.environ.get(FRAME_ANCESTORS) or "'self'",
            ),
            Middleware(client_address.ClientAddress, n_proxies=client_address.n_trusted_proxies()),
            Middleware(session_reaper.CloseCodes),
            Middleware(NoStoreForMedia),
            Middleware(middleware.RateLimits),
            Middleware(BodyTimeout),
            Middleware(UploadGuard, quota=QUOTA),
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
    sessions = session_reaper.DisconnectedSessions()
    session_reaper.install(runtime.get_instance(), sessions)
    tasks = [
        asyncio.create_task(session_reaper.run(runtime.get_instance(), sessions)),
        asyncio.create_task(_CONNECTIONS.run()),
    ]
    _LOG.info("version %s, commit %s, network %s", *build)
    yield
    for task in tasks:
        task.cancel()
    _LOG.info("stopped")


def _upload_limits(default: UploadLimits) -> UploadLimits:
    megabytes = {bound: _number(name, 0) for bound, name in UPLOAD_MB.items()}
    return replace(default, **{bound: int(mb * 1e6) for bound, mb in megabytes.items() if mb})


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
