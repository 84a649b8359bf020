import math

import pytest

from maskdet_app.photo.detail import probability_text
from maskdet_app.ui.texts.i18n import t
from maskdet_core.html_report import document
from maskdet_core.html_report.texts import Texts


@pytest.mark.parametrize(
    ("probability", "key"),
    [
        (0.0, "photo.p_below"),
        (0.0099, "photo.p_below"),
        (math.nan, "photo.p_none"),
    ],
)
def test_probability_is_never_rounded_to_0(probability: float, key: str) -> None:
    assert probability_text(probability) == t(key)


@pytest.mark.parametrize(
    ("probability", "percent"), [(0.01, "1"), (0.5, "50"), (0.99, "99"), (1.0, "99")]
)
def test_probability_is_shown_in_the_whole_percent_of_the_picture(
    probability: float, percent: str
) -> None:
    assert probability_text(probability) == t("photo.p_value", value=percent)


@pytest.mark.parametrize("probability", [0.01, 0.695, 0.9999, 1.0])
def test_page_and_report_show_the_same_figure(probability: float) -> None:
    shown = document.probability_text(probability, Texts("en"))
    assert probability_text(probability) == shown.replace("\N{NO-BREAK SPACE}", " ")
