"""The ASGI app around the pages, configured by environment variables.

Settings are environment variables only: they are needed before Streamlit can read its secrets.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from starlette.middleware import Middleware
from streamlit import runtime
from streamlit.runtime.pages_manager import PagesManager

from maskdet_app.api.resources import Api
from maskdet_app.api.workers import PictureWorkers
from maskdet_app.cameras.shared_feeds import feeds
from maskdet_app.live.webrtc import ice
from maskdet_app.metrics.records.runs import RUNS_ENV
from maskdet_app.ops.installation import build_info
from maskdet_app.ops.limits import upload_memory
from maskdet_app.ops.limits.upload_quota import QUOTA, UploadLimits
from maskdet_app.ops.live_streams import alert_channels, viewer_slots
from maskdet_app.ops.observability import operator_log, prometheus
from maskdet_app.ops.process import malloc, shutdown
from maskdet_app.ops.settings import alert_settings, api_settings, camera_settings, server_address
from maskdet_app.ops.settings.embedding import FRAME_ANCESTORS, frame_ancestors
from maskdet_app.server import message_batches, page_changes, session_reaper
from maskdet_app.server.logs import log_format
from maskdet_app.server.logs.log_format import LOG_FORMAT
from maskdet_app.server.middleware import client_address, connection_guard
from maskdet_app.server.middleware.body_timeout import BodyTimeout
from maskdet_app.server.middleware.media_cache import NoStoreForMedia
from maskdet_app.server.middleware.rate_limits import RateLimits
from maskdet_app.server.middleware.security_headers import SecurityHeaders
from maskdet_app.server.middleware.upload_guard import UploadGuard, stored_files
from maskdet_app.server.page_head import link_preview
from maskdet_app.ui.detection import two_classes
from maskdet_app.ui.layout import theme
from maskdet_core import CascadeError, ModelError
from maskdet_core.faces.loading import DEFAULT_MANIFEST, FINDER_ENV, STOCK
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.masks.loading import MODEL_ENV, default_model_path
from maskdet_core.masks.manifest import ModelManifest

_LOG: Final = logging.getLogger(__name__)

METRICS_PORT: Final = "MASKDET_METRICS_PORT"
"""Port of the Prometheus metrics; without it there are none."""
METRICS_ADDRESS: Final = "MASKDET_METRICS_ADDRESS"
"""Local address that the metrics port is bound to; the loopback by default."""
GRACE_PERIOD: Final = "MASKDET_GRACE_S"
"""How long viewers are told that the server stops before it exits, in seconds."""
DEFAULT_GRACE_S: Final = 5.0
UPLOAD_MB: Final[dict[str, str]] = {
    "visit": "MASKDET_UPLOAD_MB_VISIT",
    "address": "MASKDET_UPLOAD_MB_ADDRESS",
    "server": "MASKDET_UPLOAD_MB_SERVER",
}
"""Most MB of uploads in memory, by what they are counted for."""
KNOWN_SETTINGS: Final = (
    *(LOG_FORMAT, METRICS_PORT, METRICS_ADDRESS, FRAME_ANCESTORS, GRACE_PERIOD),
    *(client_address.TRUSTED_PROXIES, *UPLOAD_MB.values()),
    *(MODEL_ENV, FINDER_ENV, RUNS_ENV, build_info.COMMIT, viewer_slots.MAX_VIEWERS),
    two_classes.SETTING,
    *api_settings.SETTINGS,
    *(camera_settings.CAMERAS, *alert_settings.SETTINGS),
    *(ice.PROVIDER, ice.SERVERS, ice.POLICY, *ice.PROVIDER_SETTINGS),
)
"""Names of settings, to find mistyped ones."""
_CONNECTIONS: Final = connection_guard.ConnectionGuard()


def app_options() -> dict[str, Any]:
    """Keyword arguments of `st.App`.

    Raises:
        ValueError: a setting has an invalid value.
    """
    log_format.apply()
    malloc.unmap_large_blocks()
    # Validated here too, so that an invalid value prevents the start and not a clean exit.
    try:
        _number(GRACE_PERIOD, DEFAULT_GRACE_S)
        _number(METRICS_PORT, 0)
        QUOTA.limits = _upload_limits(QUOTA.limits)
        n_proxies = client_address.n_trusted_proxies()
        is_behind_proxy = bool(n_proxies or os.environ.get(client_address.FORWARDED_ALLOW_IPS))
        api = api_settings.ApiSettings.from_environment(is_behind_proxy=is_behind_proxy)
    except ValueError as error:
        # The exception itself is logged by type only.
        operator_log.log_once(str(error))
        raise
    QUOTA.stored = stored_files
    upload_memory.keep_uploads_in_memory()
    connection_guard.install(_CONNECTIONS)
    served = Api(api, PictureWorkers(_n_viewers), QUOTA) if api.is_on else None
    api_settings.note_mounted(api)
    theme.note_in_page()
    # st.navigation names all pages: else the first visitor sees a menu of the files in pages/
    PagesManager.uses_pages_directory = False
    page_changes.apply()
    message_batches.apply()
    return {
        "lifespan": partial(_lifespan, api=served),
        "middleware": [
            Middleware(SecurityHeaders, frame_ancestors=frame_ancestors()),
            Middleware(client_address.ClientAddress, n_proxies=n_proxies),
            Middleware(session_reaper.CloseCodes),
            Middleware(NoStoreForMedia),
            Middleware(RateLimits),
            Middleware(BodyTimeout),
            Middleware(UploadGuard, quota=QUOTA),
            Middleware(link_preview.LinkPreview),
        ],
        "routes": [*link_preview.routes(), *(served.routes() if served else ())],
        "on_script_error": _count_page_error,
    }


@asynccontextmanager
async def _lifespan(_app: Any, *, api: Api | None) -> AsyncIterator[None]:
    build = (build_info.version(), build_info.commit(), build_info.model())
    prometheus.INFO.labels(*build).set(1)
    port = _number(METRICS_PORT, 0)
    if port:
        prometheus.serve(int(port), os.environ.get(METRICS_ADDRESS) or "127.0.0.1")
    shutdown.drain_before_exit(_number(GRACE_PERIOD, DEFAULT_GRACE_S), _n_viewers)
    sessions = session_reaper.DisconnectedSessions()
    session_reaper.install(runtime.get_instance(), sessions)
    tasks = [
        asyncio.create_task(session_reaper.run(runtime.get_instance(), sessions)),
        asyncio.create_task(_CONNECTIONS.run()),
    ]
    _LOG.info("version %s, commit %s, network %s", *build)
    report_settings()
    _announce()
    yield
    if api is not None:
        api.close()
    # what waits is sent, for a while
    await asyncio.to_thread(_end_alerts)
    for task in tasks:
        task.cancel()
    _LOG.info("stopped")


def _end_alerts() -> None:
    feeds().close()
    alert_channels.close()


def report_settings() -> None:
    """Log what is wrong with the setup at the start, not when the first visitor meets it."""
    operator_log.log_mistyped_names(KNOWN_SETTINGS)
    try:
        ice.validate_settings()
    except ValueError as error:
        operator_log.log_once(f"settings of the video link: {error}")
    viewer_slots.usable_admission()
    alert_channels.settings()
    camera_settings.cameras()
    two_classes.default()
    path = default_model_path()
    try:
        if path.suffix == ".json":
            ModelManifest.load(path).read_model(path.parent)
        elif not path.is_file():
            raise ModelError(f"{path}: no such file")
    except ModelError as error:
        operator_log.log_once(f"network {path}: {error}")
    finder = os.environ.get(FINDER_ENV) or str(DEFAULT_MANIFEST)
    try:
        if finder != STOCK:
            CascadeManifest.load(Path(finder))
    except CascadeError as error:
        operator_log.log_once(f"face finder {finder}: {error}")


def _announce() -> None:
    """Tell the operator the addresses of this server."""
    host = server_address.network_host()
    urls = [server_address.local_url(), *([server_address.url_of(host)] if host else [])]
    if log_format.is_json():
        _LOG.info("listening at %s", " and ".join(urls))
    else:
        ready = (f"  Maskdet is ready at {url}" for url in urls)
        print("", *ready, "  Ctrl+C stops it.", "", sep="\n", flush=True)


def _upload_limits(default: UploadLimits) -> UploadLimits:
    megabytes = {bound: _number(name, 0) for bound, name in UPLOAD_MB.items()}
    return replace(default, **{bound: int(mb * 1e6) for bound, mb in megabytes.items() if mb})


def _n_viewers() -> int:
    return viewer_slots.usable_admission().n_active


def _count_page_error(error: Exception) -> None:
    prometheus.PAGE_ERRORS.inc()
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
