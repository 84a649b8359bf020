"""The script that shows an opened photo from its beginning, written into Streamlit's page."""

from functools import cache
from pathlib import Path
from typing import Final

_SCRIPT: Final = Path(__file__).with_suffix(".js")


def write_into(page: bytes) -> bytes:
    """Streamlit's page with the script before its own."""
    return page.replace(b"</head>", _head(), 1)


@cache
def _head() -> bytes:
    return f"<script>{_SCRIPT.read_text(encoding='utf-8')}</script></head>".encode()
