import math

import pytest

from maskdet_app.ui import theme


@pytest.mark.parametrize("text", ["<b>", "[a](b)", "*x* `y` $z$ :red[x]", "a_b_c", "#1", "a\\b"])
def test_untrusted_text_has_no_markdown_or_html(text: str) -> None:
    escaped = theme.escape_markdown(text)
    assert not set("<>[]()*_`$:\\") & set(escaped)


def test_untrusted_text_is_one_line_of_limited_length() -> None:
    escaped = theme.escape_markdown("a\n\t\x00b " + "c" * 100 + ".jpg", max_chars=30)
    assert escaped.startswith("a b c")
    assert escaped.endswith("c.jpg")
    assert "\n" not in escaped
    assert len(escaped.replace("&#8230;", "…")) <= 30


def test_meter_marks_the_probability_and_both_ranges() -> None:
    html = theme.meter_html(0.5, 0.9, "50 <%>")
    assert "left:49.0%" in html
    assert html.count("width:10%") == 2
    assert "50 &lt;%&gt;" in html


def test_meter_without_a_probability_has_no_mark() -> None:
    assert "md-at" not in theme.meter_html(math.nan, 0.9, "?")


def test_bar_has_a_segment_for_each_part() -> None:
    html = theme.stacked_bar_html("3 photos", [("no_face", 1, "<none>"), ("unread", 2, "bad")])
    assert html.count("flex-grow:") == 2
    assert "<b>2</b> bad" in html
    assert "&lt;none&gt;" in html
