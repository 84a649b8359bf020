"""What keeps Streamlit's page from moving while it loads: the app's style sheet and a script."""

from functools import cache
from pathlib import Path
from typing import Final

from maskdet_app.ui.layout import theme

_SCRIPT: Final = Path(__file__).with_suffix(".js")


def write_into(page: bytes) -> bytes:
    """Streamlit's page with the script before its own, and the style sheet.

    The sheet stands at the page's end: Streamlit's script adds its own rules to the head.
    """
    page = page.replace(b"</head>", _script() + b"</head>", 1)
    return page.replace(b"</body>", theme.style_element().encode() + b"</body>", 1)


@cache
def _script() -> bytes:
    return f"<script>{_SCRIPT.read_text(encoding='utf-8')}</script>".encode()
