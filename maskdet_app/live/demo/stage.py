"""What the stage is told: the film's address, and its words in the visitor's language."""

from pathlib import Path
from typing import Any, Final

from streamlit import runtime

from maskdet_app.live.demo.films import DemoFilm
from maskdet_app.ui.texts.i18n import t

SCRIPT: Final = Path(__file__).with_name("stage.js")
STYLE_SHEET: Final = Path(__file__).with_name("stage.css")
"""Both belong to the video component's page; see `maskdet_app.live.component.front_end`."""
_PLACE: Final = "maskdet-demo"
"""Streamlit keeps one file for each place on a session's page."""


def arguments(film: DemoFilm | None) -> dict[str, Any]:
    """For `SCRIPT`, among the component's translations.

    Args:
        film: what to show before the start; None shows a dark stage.
    """
    return {
        "film": None if film is None else address(film),
        "alt": t("live.demo_alt"),
        "badge": t("live.demo_title"),
        "play": t("live.demo_play"),
        "pause": t("live.demo_pause"),
        "watch": t("live.demo_watch"),
        "privacy": t("live.privacy"),
    }


def address(film: DemoFilm) -> str | None:
    """Path of the film below the app's own, from Streamlit's memory; the same for all sessions.

    Streamlit's own elements for media do the same, but show the film with a browser's controls.
    """
    if not runtime.exists():
        return None
    return runtime.get_instance().media_file_mgr.add(film.mp4, "video/mp4", _PLACE)
