"""The ablation study on the training metrics page."""

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from maskdet_app.metrics.dots import Dot, dot_plot
from maskdet_app.metrics.records import MODELS, read_object
from maskdet_app.ui import theme
from maskdet_app.ui.charts import Chart
from maskdet_app.ui.i18n import t
from maskdet_app.ui.json_values import count, objects, one_line

FILE: Final = MODELS / "ablations.json"
_SHIPPED: Final = "maskdet"
_MAX_ROWS: Final = 50


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


def dots(configurations: Sequence[dict[str, Any]], test: str) -> Chart | None:
    """Each configuration's result on one test set with its confidence interval, or None."""
    kinds = [t("ablations.ours"), t("ablations.other")]
    found = [
        Dot.of(
            one_line(configuration.get("summary") or configuration.get("name"), 120),
            kinds[configuration.get("name") != _SHIPPED],
            result,
        )
        for configuration in configurations
        for result in objects(configuration.get("tests"))
        if one_line(result.get("name"), 120) == test
    ]
    return dot_plot(found, t("ablations.axis", test=test), apart=False)
