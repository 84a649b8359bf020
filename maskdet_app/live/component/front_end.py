"""The stream's front end in the browser: streamlit-webrtc's own, with scripts of ours before it.

The library's front end ends a stream at the first sign of a lost connection, does not notice a
camera that has gone, shows a camera's error as the browser names it, and asks for the camera that
it had first whatever the page asks for; before the start it shows a grey strip. It offers nothing
to hook into, and its translations do not reach these messages. So it is served from a folder of our
own, a copy with the scripts of `SCRIPTS`; see docs/decisions/0013-camera-errors.md,
0015-lost-video.md and 0023-demo-film.md. `tests/app/live/component/test_front_end.py` fails
once the library needs one no more.
"""

import atexit
import logging
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

import streamlit as st
import streamlit.components.v1 as components
import streamlit_webrtc
from streamlit_webrtc import component as library

from maskdet_app.live.demo import stage
from maskdet_app.live.library_fixes.library_version import is_made_for
from maskdet_app.ui.texts.i18n import t

_LOG: Final = logging.getLogger(__name__)
FIXED_VERSION: Final = "0.79"
"""The version whose front end is extended here; others are left as they are."""
FRONT_END: Final = Path(streamlit_webrtc.__file__).with_name("frontend") / "dist"
SCRIPTS: Final = (
    *(
        Path(__file__).with_name(name)
        for name in ("camera_facing.js", "camera_words.js", "lost_video.js", "one_start.js")
    ),
    stage.SCRIPT,
)
_FIRST_SCRIPT: Final = "<script "
Lost = Literal["camera", "connection", "picture"]
"""What a running stream has lost, by the browser: its camera, its connection for good, or its
picture for a reason that only the server can know."""
_REFUSALS: Final = ("NotAllowedError", "SecurityError")
"""The browser's names for a camera that is not allowed: nobody is asked twice."""


@dataclass(frozen=True, slots=True)
class CameraFailure:
    """A request for the camera that failed.

    Attributes:
        n: which of the component's failures this is.
        is_refusal: whether the visitor, or a setting, does not allow it.
    """

    n: int
    is_refusal: bool


@cache
def apply() -> bool:
    """Use the extended front end for all further streams, if this is the version that needs it.

    Returns:
        Whether it is extended; without it there is no stage.
    """
    change = "demo film and words for a camera's errors"
    if not is_made_for("streamlit-webrtc", streamlit_webrtc.__version__, FIXED_VERSION, change):
        return False
    try:
        folder = Path(tempfile.mkdtemp(prefix="maskdet-live-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        extend(folder)
    except (OSError, ValueError) as error:
        # the page works without it
        _LOG.warning("the video's front end stays as it is: %s", error)
        return False
    library._component_func = components.declare_component("webrtc_streamer", path=str(folder))
    return True


def extend(folder: Path) -> None:
    """Copy the library's front end to an existing folder and add the scripts.

    Raises:
        OSError: the folder cannot be written.
        ValueError: the library's page has no script before which to put ours.
    """
    page = (FRONT_END / "index.html").read_text(encoding="utf-8")
    before, found, after = page.partition(_FIRST_SCRIPT)
    if not found:
        raise ValueError("expected a script in streamlit-webrtc's page")
    shutil.copytree(FRONT_END, folder, dirs_exist_ok=True)
    shutil.copyfile(stage.STYLE_SHEET, folder / stage.STYLE_SHEET.name)
    before += f'<link rel="stylesheet" href="./{stage.STYLE_SHEET.name}">\n    '
    for script in SCRIPTS:
        shutil.copyfile(script, folder / script.name)
        before += f'<script src="./{script.name}"></script>\n    '
    (folder / "index.html").write_text(f"{before}{found}{after}", encoding="utf-8")


def words() -> dict[str, Any]:
    """What the scripts show in the visitor's language, for the component's translations."""
    return {"camera_errors": _camera_errors(), "reconnecting": t("webrtc.reconnecting")}


def lost(key: str) -> Lost | None:
    """What the browser says that a running stream has lost; None if nothing.

    Args:
        key: the component's.
    """
    said = _said(key, "lost")
    return next((kind for kind in get_args(Lost) if kind == said), None)


def failure(key: str) -> CameraFailure | None:
    """The last failure of a camera that the page told to run; None if there was none.

    Args:
        key: the component's.
    """
    match _said(key, "failure"):
        case {"n": int(n), "name": str(name)}:
            return CameraFailure(n, is_refusal=name in _REFUSALS)
    return None


def _said(key: str, name: str) -> Any:
    """A part of the component's value; None without it."""
    value = st.session_state.get(library.generate_frontend_component_key(key))
    return value.get(name) if isinstance(value, dict) else None


def _camera_errors() -> dict[str, dict[str, str]]:
    """Title and text by the browser's name of the error (W3C Media Capture and Streams).

    ``other`` is for those without a name.
    """
    refused = {"title": t("webrtc.refused_title"), "text": t("webrtc.refused")}
    missing = {"title": t("webrtc.missing_title"), "text": t("webrtc.missing")}
    busy = {"title": t("webrtc.busy_title"), "text": t("webrtc.busy")}
    other = {"title": t("webrtc.failed_title"), "text": t("webrtc.failed")}
    return {
        **dict.fromkeys(_REFUSALS, refused),
        "NotFoundError": missing,
        "NotReadableError": busy,
        "AbortError": busy,
        "other": other,
    }
