"""Numbers in the visitor's language, in texts and in charts."""

import altair as alt
import pytest

from maskdet_app.ui.elements import charts
from maskdet_app.ui.texts import i18n
from maskdet_app.ui.texts.numbers import localised, number_text, percent_text
from maskdet_app.ui.texts.times import clock_tenths


def test_english_numbers() -> None:
    assert number_text(1234567.891, ",.1f") == "1,234,567.9"
    assert percent_text(0.98765) == "98.8 %"
    assert percent_text(0.5, 0) == "50 %"
    assert clock_tenths(67.34) == "1:07.3"


def test_spanish_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "current_language", lambda: "es")
    assert number_text(1234567.891, ",.1f") == "1\u00a0234\u00a0567,9"
    assert number_text(0.3, "g") == "0,3"
    assert percent_text(0.98765, 2) == "98,77 %"
    assert clock_tenths(67.34) == "1:07,3"
    assert localised("12") == "12"


@pytest.mark.parametrize("has_config", [False, True])
def test_charts_get_the_signs_and_keep_their_settings(
    has_config: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "current_language", lambda: "es")
    plain = charts.rows_chart([{"x": 1}]).mark_point()
    chart = plain.configure_legend(orient="top") if has_config else plain
    config = charts.finished(chart).to_dict()["config"]
    assert config["locale"]["number"]["decimal"] == ","
    assert config["locale"]["number"]["thousands"] == "\u00a0"
    assert config["legend"].get("orient") == ("top" if has_config else None)
    # a chart may be cached and shown in another language
    assert chart.config is alt.Undefined or "locale" not in chart.to_dict()["config"]
