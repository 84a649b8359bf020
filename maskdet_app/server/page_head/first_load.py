"""What keeps Streamlit's page from moving while it loads: the app's style sheet and a script."""

from typing import Final

from maskdet_app.server.page_head import scripts
from maskdet_app.ui.layout import theme

_SCRIPT: Final = "first_load.js"


def write_into(page: bytes) -> bytes:
    """Streamlit's page with the script before its own, and the style sheet.

    The sheet stands at the page's end: Streamlit's script adds its own rules to the head.
    """
    page = scripts.write_into(page, _SCRIPT)
    return page.replace(b"</body>", theme.style_element().encode() + b"</body>", 1)
