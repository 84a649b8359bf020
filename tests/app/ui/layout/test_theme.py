import re

import pytest
from streamlit.material_icon_names import ALL_MATERIAL_ICONS

from maskdet_app.ui.layout import theme
from maskdet_core import Verdict


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


def test_each_probability_is_labelled_in_words_and_marked_at_the_threshold() -> None:
    html = theme.probabilities_html(
        (
            (Verdict.WITH_MASK, 0.25, "25 <%>"),
            (Verdict.WORN_WRONG, 0.7, "70 %"),
            (Verdict.WITHOUT_MASK, 0.05, "5 %"),
        ),
        0.6,
        name="Face 2: <Worn wrong>",
        threshold="needs 60 %",
    )
    assert 'aria-label="Face 2: &lt;Worn wrong&gt;"' in html
    assert '<div class="md-needed" style="width:60%">needs 60 %</div>' in html
    assert re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)<", html) == [
        ("Mask", "25 &lt;%&gt;"),
        ("Worn wrong", "70 %"),
        ("No mask", "5 %"),
    ]
    assert re.findall(r"md-bar-(\w+)\" style=\"width:([\d.]+)%", html) == [
        ("with_mask", "25.0"),
        ("worn_wrong", "70.0"),
        ("without_mask", "5.0"),
    ]
    assert html.count("left:60%") == 3


@pytest.mark.parametrize("n_worn_wrong", [0, 2])
def test_worn_wrong_has_a_tile_where_it_can_be_given_or_was(n_worn_wrong: int) -> None:
    counts = dict.fromkeys(Verdict, 0) | {Verdict.WORN_WRONG: n_worn_wrong}
    two = [verdict for verdict in Verdict if verdict is not Verdict.WORN_WRONG]
    assert ("worn_wrong" in theme.count_tiles_html(counts, two)) is bool(n_worn_wrong)
    assert "worn_wrong" in theme.count_tiles_html(counts, Verdict)


def test_a_tile_is_marked_where_there_is_nothing_to_count() -> None:
    counts = {Verdict.WITH_MASK: 2, Verdict.WITHOUT_MASK: 0, Verdict.NOT_SURE: None}
    html = theme.count_tiles_html(counts, Verdict)
    marked = re.findall(r'(data-none )?data-verdict="(\w+)"', html)
    assert [verdict for mark, verdict in marked if mark] == ["without_mask", "not_sure"]


def test_icons_differ_and_screen_readers_skip_them() -> None:
    icons = [theme.icon_html(kind) for kind in theme.ICONS]
    assert len(set(icons)) == len(icons) == 8
    assert all('aria-hidden="true"' in icon for icon in icons)
    assert set(theme.ICONS.values()) <= set(ALL_MATERIAL_ICONS)


def test_bar_has_a_segment_for_each_part() -> None:
    html = theme.stacked_bar_html("3 photos", [("no_face", 1, "<none>"), ("unread", 2, "bad")])
    assert html.count("flex-grow:") == 2
    assert "<b>2</b> bad" in html
    assert "&lt;none&gt;" in html
