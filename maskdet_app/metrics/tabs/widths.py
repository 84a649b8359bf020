"""Accuracy against cost: networks of different widths, on the training metrics page."""

import json
from dataclasses import dataclass
from typing import Any, Final

import altair as alt
import streamlit as st

from maskdet_app.metrics.charts.dots import interval_dots, share_tooltips
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.records.runs import MAX_RECORD_BYTES, MODELS
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.elements.charts import SLATE, Chart, rows_chart
from maskdet_app.ui.json_values import Bounded, count, finite, one_line
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core.records.widths import WIDTHS_FILE, width_records

FILE: Final = MODELS / WIDTHS_FILE
_MAX_NETWORKS: Final = 30
_MAX_TESTS: Final = 12
_HEIGHT_PX: Final = 320
_NAMES_PX: Final = 420
"""A chart wider than this has room for the names of all networks."""


@dataclass(frozen=True, slots=True)
class Point:
    """One network on one test.

    Attributes:
        name: its channels by block.
        products: multiplications for one face.
        right: share of right answers.
        low: lower end of its interval.
        high: upper end.
        n: faces of the test.
        ms: time of one face, where it is known.
        megabytes: of the int8 file, where it is known.
    """

    name: str
    products: float
    right: float
    low: float
    high: float
    n: float
    ms: float | None
    megabytes: float | None


def show_widths() -> None:
    """Draw the front of accuracy against cost, or nothing where there is no record of one."""
    if not FILE.is_file():
        return
    st.header(t("widths.title"), anchor=False)
    networks = read_networks()
    tests = test_names(networks)
    if not tests:
        st.warning(t("widths.empty"), icon=":material/warning:")
        return
    chosen = st.pills(
        t("widths.pick"),
        tests,
        default=tests[0],
        format_func=lambda name: theme.escape_markdown(translated(name)),
        key="width_test",
        label_visibility="collapsed",
    )
    points = points_of(networks, chosen or tests[0])
    chart = front(points)
    if chart is not None:
        draw(chart)
        st.caption(message(points))


def read_networks() -> list[dict[str, Any]]:
    """The networks of the record, none where it cannot be read."""
    try:
        if FILE.stat().st_size > MAX_RECORD_BYTES:
            return []
        record = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return width_records(Bounded(record).value)[:_MAX_NETWORKS]


def test_names(networks: list[dict[str, Any]]) -> list[str]:
    """Names of the tests, in the order of the record."""
    names = [
        one_line(name, 120)
        for network in networks
        if isinstance(network.get("tests"), dict)
        for name in network["tests"]
    ]
    return list(dict.fromkeys(names))[:_MAX_TESTS]


def points_of(networks: list[dict[str, Any]], test: str) -> list[Point]:
    """The networks that were measured on a test, the cheapest first."""
    points = []
    for network in networks:
        tests, widths = network.get("tests"), network.get("widths")
        products = count(network.get("products"))
        found = tests.get(test) if isinstance(tests, dict) else None
        if not products or not isinstance(found, dict) or not isinstance(widths, list):
            continue
        n, right = count(found.get("n")), count(found.get("right"))
        low, high = finite(found.get("low")), finite(found.get("high"))
        if not n or right is None or right > n or low is None or high is None:
            continue
        size = count(network.get("int8_bytes"))
        points.append(
            Point(
                one_line(", ".join(map(str, widths[:10])), 60),
                products,
                right / n,
                low,
                high,
                n,
                count(network.get("ms")),
                None if size is None else size / 1e6,
            )
        )
    return sorted(points, key=lambda point: point.products)


def paying(points: list[Point]) -> Point | None:
    """The cheapest network whose interval reaches the best share: more cost is not shown to pay."""
    best = max((point.right for point in points), default=0.0)
    return next((point for point in points if point.high >= best), None)


def message(points: list[Point]) -> str:
    """What the chart says, in words."""
    point = paying(points)
    if point is None or len(points) < 2:
        return t("widths.note")
    full = points[-1]
    return (
        t(
            "widths.message",
            name=point.name,
            right=number_text(100 * point.right, ".1f"),
            full=number_text(100 * full.right, ".1f"),
            share=number_text(100 * point.products / full.products, ".0f"),
        )
        + " "
        + t("widths.note")
    )


def front(points: list[Point]) -> Chart | None:
    """Share of right answers against multiplications, with intervals; None without a point."""
    if not points:
        return None
    pays = paying(points)
    chosen, other = t("widths.chosen"), t("widths.other")
    rows = [
        {
            "name": point.name,
            "billions": point.products / 1e9,
            "value": point.right,
            "low": point.low,
            "high": point.high,
            "n": point.n,
            "ms": point.ms,
            "megabytes": point.megabytes,
            "kind": chosen if point is pays else other,
            **dict.fromkeys(("above", "below", "last"), ""),
            _name_place(number, len(points)): point.name,
        }
        for number, point in enumerate(points)
    ]
    base = rows_chart(rows).encode(
        x=alt.X("billions:Q", title=t("widths.cost"), axis=alt.Axis(format="~g")).scale(
            type="log", nice=False, padding=24
        ),
        tooltip=[
            alt.Tooltip("name:N", title=t("widths.channels")),
            alt.Tooltip("billions:Q", title=t("widths.cost"), format=".2f"),
            alt.Tooltip("ms:Q", title=t("widths.ms"), format=".1f"),
            alt.Tooltip("megabytes:Q", title=t("widths.megabytes"), format=".1f"),
            *share_tooltips(),
        ],
    )
    share = alt.Y("low:Q", title=t("chart.right"), axis=alt.Axis(format="~%")).scale(zero=False)
    line = base.mark_line(strokeWidth=1.5, opacity=0.5, color=SLATE).encode(y="value:Q")
    # above and below in turn, and the last to the left: long names of near networks keep apart
    named = base.encode(y="value:Q", color=alt.value(theme.text_colour()))
    # on a narrow chart they would not: there only the network that pays has its name
    named = named.transform_filter(f"width > {_NAMES_PX} || datum.kind === {json.dumps(chosen)}")
    names = [
        named.mark_text(align="left", dx=10, dy=-11).encode(text="above:N"),
        named.mark_text(align="left", dx=10, dy=13).encode(text="below:N"),
        named.mark_text(align="right", dx=-10, dy=-11).encode(text="last:N"),
    ]
    bars, dots = interval_dots(base, [other, chosen], share)
    chart: Chart = alt.LayerChart(layer=[line, bars, dots, *names]).properties(
        height=_HEIGHT_PX, description=message(points)
    )
    return chart


def _name_place(number: int, n: int) -> str:
    if number == n - 1 and n > 1:
        return "last"
    return "above" if number % 2 else "below"
