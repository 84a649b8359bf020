"""What the live page says where the browser gives no camera, in the visitor's language.

streamlit-webrtc's front end shows a failed request for the camera as the browser names it,
"NotFoundError: Requested device not found", and tells Python nothing. Its translations reach this
message neither. So the front end is served from a folder of our own, a copy with one script more,
`camera_words.js`, that gives the error the page's words; see
docs/decisions/0013-camera-errors.md. `tests/app/live/test_camera_words.py` fails once the library
translates the message.
"""

import atexit
import logging
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import streamlit.components.v1 as components
import streamlit_webrtc
from streamlit_webrtc import component as library

from maskdet_app.ui.i18n import t

_LOG: Final = logging.getLogger(__name__)
FIXED_VERSION: Final = "0.79"
"""The version whose front end is extended here; others are left as they are."""
FRONT_END: Final = Path(streamlit_webrtc.__file__).with_name("frontend") / "dist"
SCRIPT: Final = Path(__file__).with_suffix(".js")
_FIRST_SCRIPT: Final = "<script "

CameraErrors = dict[str, dict[str, str]]
"""Title and text by the browser's name of the error (W3C Media Capture and Streams)."""


def camera_errors() -> CameraErrors:
    """The words for each reason why there is no camera; ``other`` for reasons without a name."""
    refused = {"title": t("webrtc.refused_title"), "text": t("webrtc.refused")}
    missing = {"title": t("webrtc.missing_title"), "text": t("webrtc.missing")}
    busy = {"title": t("webrtc.busy_title"), "text": t("webrtc.busy")}
    other = {"title": t("webrtc.failed_title"), "text": t("webrtc.failed")}
    return {
        "NotAllowedError": refused,
        "SecurityError": refused,
        "NotFoundError": missing,
        "NotReadableError": busy,
        "AbortError": busy,
        "other": other,
    }


@cache
def apply() -> None:
    """Use the extended front end for all further streams, if this is the version that needs it."""
    if not streamlit_webrtc.__version__.startswith(FIXED_VERSION):
        return
    try:
        folder = Path(tempfile.mkdtemp(prefix="maskdet-live-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        extend_front_end(folder)
    except (OSError, ValueError) as error:
        # the page works without it
        _LOG.warning("errors of the camera stay untranslated: %s", error)
        return
    library._component_func = components.declare_component("webrtc_streamer", path=str(folder))


def extend_front_end(folder: Path) -> None:
    """Copy the library's front end to an existing folder and add the script.

    Raises:
        OSError: the folder cannot be written.
        ValueError: the library's page has no script before which to put ours.
    """
    page = (FRONT_END / "index.html").read_text(encoding="utf-8")
    before, found, after = page.partition(_FIRST_SCRIPT)
    if not found:
        raise ValueError("expected a script in streamlit-webrtc's page")
    shutil.copytree(FRONT_END, folder, dirs_exist_ok=True)
    shutil.copyfile(SCRIPT, folder / SCRIPT.name)
    own = f'<script src="./{SCRIPT.name}"></script>\n    '
    (folder / "index.html").write_text(f"{before}{own}{found}{after}", encoding="utf-8")
