"""The page's HTML report of a video: its language, its name, and what is blurred."""

from dataclasses import replace
from typing import Any

import pytest

from maskdet_app.video import html_report
from maskdet_core.html_report.document import data_url
from tests.core.html_report.parsed import Parsed
from tests.core.html_report.rows import FACTS


def report(row: dict[str, Any], language: str = "en", *, blurred: bool = False) -> Parsed:
    pictures = [b"blurred" if blurred else b"sharp"] * len(row["moments"])
    made = html_report.html_file("a\n<b>.mp4", row, pictures, FACTS, language, blurred=blurred)
    return Parsed(made.decode())


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Who is seen when"), ("es", "A quién se ve y cuándo")]
)
def test_it_is_in_the_visitors_language(row: dict[str, Any], language: str, words: str) -> None:
    shown = report(row, language)
    assert words in shown.texts
    assert [one["src"] for one in shown.all("img")] == [data_url(b"sharp")] * 2


def test_it_says_that_faces_are_blurred(row: dict[str, Any]) -> None:
    shown = report(row, blurred=True)
    assert [one["src"] for one in shown.all("img")] == [data_url(b"blurred")] * 2
    assert "blurred where they were found" in shown.text


def test_the_name_is_a_line_of_text(row: dict[str, Any]) -> None:
    (heading,) = [text for text in report(row).texts if text.endswith(".mp4")]
    assert heading.startswith("a")
    assert "<b>" in heading


def test_facts_are_those_of_the_check(row: dict[str, Any]) -> None:
    facts = replace(FACTS, min_confidence=0.8)
    made = html_report.html_file("a.mp4", row, [b"", b""], facts, "en", blurred=False)
    assert "80 %" in Parsed(made.decode()).texts
