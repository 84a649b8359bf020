"""Contrast of the verdicts' colours by WCAG 2.2, and looks that differ without colour."""

import re
import tomllib
from itertools import combinations
from typing import Final

import pytest

from maskdet_app.ui.elements.charts import OUTLINES, YELLOW
from maskdet_app.ui.layout import theme
from maskdet_core import Verdict
from maskdet_core.draw.annotate import COLOURS
from testbed.repository import REPO_ROOT

STYLE: Final = (REPO_ROOT / "maskdet_app" / "ui" / "layout" / "style.css").read_text()
THEMES: Final = tomllib.loads((REPO_ROOT / ".streamlit" / "config.toml").read_text())["theme"]
TEXT: Final = 4.5
"""Success criterion 1.4.3."""
GRAPHICS: Final = 3.0
"""Success criterion 1.4.11."""


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def rule(selector: str) -> str:
    found = re.search(rf"(?m)^{re.escape(selector)} {{([^}}]*)}}", STYLE)
    assert found, selector
    return found[1]


def hex_colours(text: str) -> list[str]:
    return re.findall(r"#[0-9A-Fa-f]{6}\b|#[0-9A-Fa-f]{3}\b", text)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_badges_are_readable(verdict: Verdict, name: str) -> None:
    colour = re.match(r":(\w+)-badge", theme.badge(verdict, ""))
    assert colour
    palette = THEMES[name]
    text, behind = palette[f"{colour[1]}TextColor"], palette[f"{colour[1]}BackgroundColor"]
    assert contrast(text, behind) >= TEXT


@pytest.mark.parametrize("selector", [".md-worn_wrong", ".md-alert.md-alert-worn_wrong"])
def test_yellow_has_black_text_and_a_dark_outline(selector: str) -> None:
    declarations = rule(selector)
    text = re.search(r"(?<![-\w])color: (#\w+)", declarations)
    assert text
    assert contrast(text[1], YELLOW) >= TEXT
    outline = OUTLINES[YELLOW]
    assert {YELLOW, outline} <= set(hex_colours(declarations))
    assert "dashed" in declarations
    # the outline stands out from a light page, the yellow from a dark one
    assert contrast(outline, THEMES["light"]["backgroundColor"]) >= GRAPHICS
    assert contrast(YELLOW, THEMES["dark"]["backgroundColor"]) >= GRAPHICS
    assert contrast(YELLOW, outline) >= GRAPHICS


def test_other_alerts_are_readable() -> None:
    background, text, *_ = hex_colours(rule(".md-alert"))
    assert contrast(background, text) >= TEXT


def test_pages_and_pictures_have_the_same_yellow() -> None:
    drawn = "#" + "".join(f"{channel:02X}" for channel in COLOURS[Verdict.WORN_WRONG])
    assert drawn == YELLOW


def test_looks_differ_without_colour() -> None:
    """Border style and fill in grey, and the pattern of the bars."""
    tiles, bars = set(), set()
    for verdict in Verdict:
        declarations = rule(f".md-{verdict}")
        style = re.search(r"border: \d+px (\w+)", declarations)
        assert style
        tiles.add((style[1], "linear-gradient" in declarations))
        bars.add(
            re.sub(r"#\w+", "", re.search(r"background:([^;]*)", rule(f".md-bar-{verdict}"))[1])
        )  # type: ignore[index]
    assert len(tiles) == len(bars) == len(Verdict)


def test_yellow_is_the_lightest_fill_in_grey() -> None:
    greys = {v: luminance("#" + "".join(f"{c:02X}" for c in COLOURS[v])) for v in Verdict}
    others = [grey for verdict, grey in greys.items() if verdict is not Verdict.WORN_WRONG]
    assert all(greys[Verdict.WORN_WRONG] > 2 * grey for grey in others)
    assert all(one != other for one, other in combinations(greys.values(), 2))
