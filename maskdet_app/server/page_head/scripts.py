"""Scripts of this folder, written into Streamlit's page."""

from functools import cache
from pathlib import Path
from typing import Final

TAB_SECRET: Final = "tab_secret.js"
"""Makes the secret by which a tab is known again after a reload."""
CLOSE_VIEW: Final = "close_view.js"
"""Shows an opened photo from its beginning."""


def write_into(page: bytes, name: str) -> bytes:
    """Streamlit's page with a script before its own.

    Args:
        page: HTML.
        name: of a file in this folder.
    """
    return page.replace(b"</head>", _element(name) + b"</head>", 1)


@cache
def _element(name: str) -> bytes:
    return f"<script>{Path(__file__).with_name(name).read_text(encoding='utf-8')}</script>".encode()
