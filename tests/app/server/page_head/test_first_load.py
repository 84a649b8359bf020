"""The page's style sheet and the script for its first load."""

import re
from pathlib import Path

import streamlit

from maskdet_app.server.page_head import first_load
from maskdet_app.server.page_head.link_preview import LinkPreview
from maskdet_app.ui.layout import theme
from tests.app.server.asgi_client import request, respond_with

STATIC = Path(streamlit.__file__).parent / "static"


def test_style_sheet_stands_after_the_rules_of_streamlit() -> None:
    """Its script adds them to the end of the head."""
    page = (STATIC / "index.html").read_bytes()
    text = request(LinkPreview(respond_with(page, "text/html")), "/").body.decode()
    assert text.index("mdLoading") < text.index("</head>")
    assert text.count(theme.style_element()) == 1
    assert text.index(theme.style_element()) > text.index("<body>")


def test_streamlit_still_has_the_elements_that_wait_and_are_waited_for() -> None:
    page = first_load.write_into(b"<head></head><body></body>").decode()
    front_end = "".join(
        file.read_text(encoding="utf-8") for file in (STATIC / "static" / "js").glob("*.js")
    )
    test_ids = set(re.findall(r"data-testid=(st\w+)", page))
    assert {"stSkeleton", "stVegaLiteChart", "stLayoutWrapper", "stAlertContainer"} <= test_ids
    # put together of a name and a kind of message
    test_ids.remove("stAlertContentWarning")
    assert [name for name in sorted(test_ids) if name not in front_end] == []
    assert "data-test-script-state" in front_end
