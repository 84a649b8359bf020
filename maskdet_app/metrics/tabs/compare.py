"""Runs side by side on the metrics page: how they were trained, and the tests they share."""

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from maskdet_app.metrics.charts import run_charts as charts
from maskdet_app.metrics.charts.dots import Dot, dot_plot
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.records import test_sets
from maskdet_app.metrics.records.runs import Run, read_run, run_folders
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.elements.charts import Chart
from maskdet_app.ui.json_values import count, finite, objects, one_line
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text, percent_text

_MAX_RUNS: Final = 8
_KEY: Final = "compare_test"


def show_runs() -> None:
    """Draw the newest runs beside each other; one run alone is no comparison."""
    runs = [read_run(folder) for folder in run_folders()[:_MAX_RUNS]]
    if len(runs) < 2:
        st.info(t("compare.one"), icon=":material/compare_arrows:")
        return
    st.header(t("compare.title"), anchor=False)
    shared = shared_tests(runs)
    if shared:
        if st.session_state.get(_KEY) not in shared:
            st.session_state[_KEY] = next(iter(shared))
        slug = st.selectbox(
            t("metrics.set_pick"), list(shared), format_func=shared.__getitem__, key=_KEY
        )
        draw(run_dots(runs, slug))
        st.caption(t("compare.note"))
    st.dataframe([row_of(run) for run in runs], hide_index=True)


def shared_tests(runs: Sequence[Run]) -> dict[str, str]:
    """Whole tests that two runs or more have, with their names, the fairest first."""
    found: dict[str, str] = {}
    by_slug: dict[str, int] = {}
    every = [one for run in runs for one in objects((run.evaluation or {}).get("sets"))]
    for one in test_sets.ordered(every):
        slug = test_sets.slug_of(one)
        if slug and test_sets.is_whole(one) and finite(one.get("accuracy")) is not None:
            by_slug[slug] = by_slug.get(slug, 0) + 1
            found.setdefault(slug, charts.set_name(one))
    return {slug: name for slug, name in found.items() if by_slug[slug] > 1}


def run_dots(runs: Sequence[Run], slug: str) -> Chart | None:
    """Right answers of each run on one test; None where none was tested."""
    kind = t("chart.right")
    return dot_plot(
        [
            Dot.of(
                f"{run.name} (n = {number_text(count(one.get('n')) or 0, ',.0f')})",
                kind,
                one,
                "accuracy",
            )
            for run in runs
            for one in objects((run.evaluation or {}).get("sets"))
            if test_sets.slug_of(one) == slug
        ],
        kind,
    )


def row_of(run: Run) -> dict[str, str]:
    """How a run was trained, as a row of a table."""
    config = run.info.get("config")
    config = config if isinstance(config, dict) else {}
    network = config.get("network")
    widths = network.get("widths") if isinstance(network, dict) else None
    samples = count(config.get("epoch_samples"))
    last: dict[str, Any] = run.epochs[-1] if run.epochs else {}
    validation = finite(last.get("val_accuracy"))
    return {
        t("compare.column_run"): one_line(run.name, 60),
        t("compare.column_started"): one_line(run.info.get("started", "–"))[:10],
        t("compare.column_status"): translated(one_line(run.info.get("status", "–"), 20)),
        t("compare.column_channels"): (
            ", ".join(one_line(width, 6) for width in widths[:8])
            if isinstance(widths, list)
            else "–"
        ),
        t("compare.column_epochs"): number_text(len(run.epochs), ","),
        t("compare.column_samples"): "–" if samples is None else number_text(samples, ",.0f"),
        t("compare.column_validation"): "–" if validation is None else percent_text(validation),
    }
