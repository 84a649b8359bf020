"""The ablation study on the training metrics page."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import streamlit as st

from maskdet_app.metrics.charts import name_axis
from maskdet_app.metrics.records import MODELS, read_object
from maskdet_app.ui import theme
from maskdet_app.ui.charts import BLUE, rows_chart
from maskdet_app.ui.i18n import t
from maskdet_app.ui.json_values import count, finite, interval, objects, one_line

FILE: Final = MODELS / "ablations.json"
_SHIPPED: Final = "maskdet"
_MAX_ROWS: Final = 50
_COLOURS: Final = [BLUE, "#5F6B73"]


def show_ablations() -> None:
    """Draw the ablation study, or nothing where there is no record of one."""
    if not FILE.is_file():
        return
    st.header(t("ablations.title"), anchor=False)
    problems: list[str] = []
    record = read_object(FILE, problems) or {}
    configurations = objects(record.get("configurations"))[:_MAX_ROWS]
    tests = test_names(configurations)
    if not tests:
        problems = problems or [t("ablations.empty")]
    for problem in problems:
        st.warning(theme.escape_markdown(problem, max_chars=200), icon=":material/warning:")
    if not tests:
        return
    chosen = st.pills(
        t("ablations.pick"),
        tests,
        default=tests[0],
        format_func=theme.escape_markdown,
        key="ablation",
        label_visibility="collapsed",
    )
    chart = dots(configurations, chosen or tests[0])
    if chart is not None:
        st.altair_chart(chart)
    epochs, faces = count(record.get("epochs")), count(record.get("epoch_samples"))
    if epochs is not None and faces is not None:
        st.caption(t("ablations.note", epochs=f"{epochs:.0f}", faces=f"{faces:,.0f}"))


def test_names(configurations: Sequence[dict[str, Any]]) -> list[str]:
    """Names of the test sets, in the order of the record."""
    names = [
        one_line(test["name"], 120)
        for configuration in configurations
        for test in objects(configuration.get("tests"))
        if "name" in test
    ]
    return list(dict.fromkeys(names))[:_MAX_ROWS]


def dots(configurations: Sequence[dict[str, Any]], test: str) -> alt.LayerChart | None:
    """Each configuration's result on one test set with its confidence interval, or None."""
    kinds = [t("ablations.ours"), t("ablations.other")]
    rows = []
    for configuration in configurations:
        for result in objects(configuration.get("tests")):
            value = finite(result.get("value"))
            if value is None or one_line(result.get("name"), 120) != test:
                continue
            low, high = interval(result) or (value, value)
            is_shipped = configuration.get("name") == _SHIPPED
            rows.append(
                {
                    "configuration": one_line(
                        configuration.get("summary") or configuration.get("name"), 120
                    ),
                    "kind": kinds[0] if is_shipped else kinds[1],
                    "value": value,
                    "low": low,
                    "high": high,
                    "n": count(result.get("n")),
                }
            )
    if not rows:
        return None
    names = list(dict.fromkeys(str(row["configuration"]) for row in rows))
    scale = alt.Scale(domain=kinds, range=_COLOURS)
    base = rows_chart(rows).encode(
        y=alt.Y("configuration:N", title=None, sort=names, axis=name_axis()),
        color=alt.Color("kind:N", title=None, scale=scale),
        tooltip=[
            alt.Tooltip("configuration:N", title=t("ablations.configuration")),
            alt.Tooltip("n:Q", title=t("ablations.pictures")),
            *(
                alt.Tooltip(f"{key}:Q", title=t(f"ablations.{key}"), format=".1%")
                for key in ("value", "low", "high")
            ),
        ],
    )
    x = alt.X(
        "low:Q", title=t("ablations.axis", test=test), axis=alt.Axis(format="~%", tickCount=6)
    )
    bars = base.mark_rule(strokeWidth=3, opacity=0.55).encode(x=x.scale(zero=False), x2="high:Q")
    points = base.mark_point(size=110, filled=True, opacity=1).encode(
        x="value:Q", shape=alt.Shape("kind:N", title=None)
    )
    layered: alt.LayerChart = (
        (bars + points).properties(height=alt.Step(38)).configure_legend(orient="top", columns=1)
    )
    return layered
