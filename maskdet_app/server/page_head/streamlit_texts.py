"""Texts in the place of Streamlit's, written into the page as a script.

Streamlit's front end has texts of its own, in English and for programmers: when the connection is
lost, for an unknown page, and inside of widgets. The script recognises them by the constants of
this module; where Streamlit changes them, the page shows Streamlit's, and a test fails.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from maskdet_app.server.middleware.base_path import base_path
from maskdet_app.ui.texts.i18n import catalogue, languages

LOST_TITLE: Final = "Connection error"
UNKNOWN_TITLE: Final = "Page not found"
"""Titles of Streamlit's dialogs."""
WIDGET_TEXTS: Final[dict[str, str]] = {
    "upload": "Upload",
    "add_files": "Add files",
    "drop_files": "Drag and drop files here",
    "take_photo": "Take Photo",
    "clear_photo": "Clear photo",
    "switch_camera": "Switch camera",
    "wants_camera": "This app would like to use your camera.",
    "learn_access": "Learn how to allow access.",
    "connecting": "Connecting",
    "connecting_hint": "Connecting to Streamlit server",
    "error": "Error",
    "error_hint": "Unable to connect to Streamlit server",
    "running": "Running...",
    "fullscreen": "Fullscreen",
    "close_fullscreen": "Close fullscreen",
    "close": "Close",
    "link": "Link to heading",
    "menu": "Sidebar",
    "open_menu": "Expand sidebar",
    "close_menu": "Collapse sidebar",
    "skip": "Skip to main content",
    "home": "Navigate to home page",
    "pages": "App pages",
    "choose_files": "file upload",
    "choose_option": "Choose an option",
}
"""Texts and names in Streamlit's widgets, by the name in the table ``widgets`` of a language."""
WIDGET_PATTERNS: Final[dict[str, tuple[str, str]]] = {
    "wrong_type": (" files are not allowed.", r"^(\S+) files are not allowed\.$"),
    "too_large": (" or smaller.", r"^File must be (.+) or smaller\.$"),
    "help_for": ("Help for ", r"^Help for (.+)$"),
    "fullscreen_of": ("Fullscreen", r"^Fullscreen: (.+)$"),
    "per_file": (" per file", r"^(\S+) per file"),
    "file_size": ("`gb`,`mb`,`kb`,`b`", r"^(\d+)\.(\d+)([KMG]?B)$"),
    "remove_file": ("`Remove ", r"^Remove (.+)$"),
    "refused": ("Request failed with status code ", r"^AxiosError: Request failed .* code (\d+)$"),
    "show_data": ("Show data", r"^Show data: (.+)$"),
    "save_png": ("Download as PNG", r"^Download as PNG: (.+)$"),
    "copy_spec": ("Copy Vega-Lite spec", r"^Copy Vega-Lite spec: (.+)$"),
}
"""Texts with parts that vary: what never varies, and the whole as JavaScript's pattern."""
_SCRIPT: Final = Path(__file__).with_suffix(".js")
_STYLE_SHEET: Final = Path(__file__).with_suffix(".css")
_NOSCRIPT: Final = re.compile(rb"<noscript>.*?</noscript>", re.DOTALL)


def write_into(page: bytes) -> bytes:
    """Streamlit's page with the script before its own, and a text for browsers without scripts."""
    noscript = f"<noscript><p>{_noscript_text()}</p></noscript>".encode()
    page = _NOSCRIPT.sub(lambda _: noscript, page, count=1)
    return page.replace(b"</head>", head(), 1)


@cache
def head() -> bytes:
    """The script and its words in all languages, and the end of the page's head."""
    words = {
        "languages": {code: _words(code) for code in languages()},
        "base": f"{base_path()}/",
    }
    # "<" could end the element.
    data = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    script, style = (file.read_text(encoding="utf-8") for file in (_SCRIPT, _STYLE_SHEET))
    return (
        f"<style>{style}</style>"
        f'<script type="application/json" id="md-words">{data}</script>'
        f"<script>{script}</script></head>"
    ).encode()


def _words(code: str) -> dict[str, Any]:
    """What the script shows in a language."""
    english, chosen = catalogue("en"), catalogue(code)
    widgets = english["widgets"] | chosen.get("widgets", {})
    return {
        **english["trouble"],
        **chosen.get("trouble", {}),
        "lost_in": LOST_TITLE,
        "unknown_in": UNKNOWN_TITLE,
        "stage": (english["live"] | chosen["live"])["title"],
        "camera": (english["photo"] | chosen["photo"])["camera"],
        "widgets": {shown: widgets[name] for name, shown in WIDGET_TEXTS.items()},
        "patterns": [
            (pattern, _in_javascript(widgets[name]))
            for name, (_, pattern) in WIDGET_PATTERNS.items()
        ],
    }


def _in_javascript(text: str) -> str:
    """A text with JavaScript's names of the parts that vary, in their order."""
    first, *others = text.split("{}")
    return first + "".join(f"${number}{other}" for number, other in enumerate(others, 1))


def _noscript_text() -> str:
    return str(catalogue("en")["trouble"]["no_script"])
