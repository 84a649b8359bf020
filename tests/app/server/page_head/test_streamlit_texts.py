"""What the script recognises is in Streamlit's front end, and its words are complete."""

import json
import re
from pathlib import Path

import pytest
import streamlit

from maskdet_app.server.page_head import scripts, streamlit_texts
from maskdet_app.ui.texts.i18n import catalogue, languages

FRONT_END = Path(streamlit.__file__).parent / "static" / "static" / "js"
SCRIPT = Path(streamlit_texts.__file__).with_suffix(".js").read_text(encoding="utf-8")
PAGE = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()


@pytest.fixture(scope="module")
def front_end() -> str:
    """All scripts of the installed Streamlit."""
    return "\n".join(file.read_text(encoding="utf-8") for file in FRONT_END.glob("*.js"))


def test_streamlit_still_says_what_the_script_replaces(front_end: str) -> None:
    """Where this fails, Streamlit changed: look at its page and adapt the constants."""
    said = [streamlit_texts.LOST_TITLE, streamlit_texts.UNKNOWN_TITLE]
    said += streamlit_texts.WIDGET_TEXTS.values()
    said += [constant for constant, _ in streamlit_texts.WIDGET_PATTERNS.values()]
    said += ["streamlit run yourscript.py", "Connection failed with status ", "(HTTP status: 403)"]
    assert [text for text in said if text not in front_end] == []


def test_streamlit_still_has_the_elements_that_the_script_looks_for(front_end: str) -> None:
    test_ids = set(re.findall(r'"(st[A-Z]\w+)"', SCRIPT))
    assert len(test_ids) > 10
    # a name may be put together
    assert [name for name in sorted(test_ids) if name not in front_end] == []
    assert "data-test-connection-state" in front_end
    assert "CONNECTED" in front_end


def test_page_of_streamlit_gets_the_script_and_a_text_for_browsers_without() -> None:
    page = streamlit_texts.write_into(PAGE).decode()
    assert page.index("md-words") < page.index("</head>")
    assert "Maskdet needs JavaScript" in page
    assert "Streamlit app" not in page


@pytest.mark.parametrize("code", list(languages()))
def test_script_gets_all_words_of_all_languages(code: str) -> None:
    head = streamlit_texts.head().decode()
    data = re.search(r'id="md-words">(.*?)</script>', head, re.DOTALL)
    assert data is not None
    words = json.loads(data[1])["languages"][code]
    assert set(words["widgets"]) == set(streamlit_texts.WIDGET_TEXTS.values())
    assert words["unreachable"] == catalogue(code)["trouble"]["unreachable"]
    for pattern, replacement in words["patterns"]:
        parts = re.findall(r"\$(\d)", replacement)
        assert parts == [str(n + 1) for n in range(re.compile(pattern).groups)]
    names = {*streamlit_texts.WIDGET_TEXTS, *streamlit_texts.WIDGET_PATTERNS}
    assert set(catalogue(code)["widgets"]) == names


def test_every_text_about_trouble_is_shown() -> None:
    kinds = {"unreachable", "offline", "local", "busy", "unknown"}
    assert all(f'"{kind}"' in SCRIPT for kind in kinds)
    shown = kinds | {f"{kind}_title" for kind in kinds} | {"again", "start_page", "no_script"}
    assert set(catalogue("en")["trouble"]) == shown


def test_streamlit_still_connects_as_the_script_of_the_tab_expects(front_end: str) -> None:
    """The secret of a tab goes along as one more subprotocol, behind those of Streamlit."""
    assert "_stcore/stream" in front_end
    assert re.search(r"new WebSocket\(\w+,\[", front_end)
    page = scripts.write_into(PAGE, scripts.TAB_SECRET).decode()
    assert page.index("sessionStorage") < page.index("</head>")
