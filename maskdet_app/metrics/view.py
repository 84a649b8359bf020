"""The metrics page: a run, three sentences, and the tabs. Any part of a record may be missing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from maskdet_app.metrics import lead
from maskdet_app.metrics.records import test_sets
from maskdet_app.metrics.records.runs import Run, read_run, run_folders
from maskdet_app.metrics.records.words import translated
from maskdet_app.metrics.tabs import (
    ablations,
    compare,
    errors,
    finder,
    slices,
    summary,
    training,
    whole_photos,
    widths,
)
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.json_values import objects, one_line
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import t

TABS: Final = ("summary", "errors", "groups", "finder", "training", "compare")
TAB_PARAM: Final = "tab"
"""Query parameter of the tab, and its key."""
_RUN: Final = "run"
"""Key of the picker of runs."""
MAX_SETS: Final = 50
"""Each takes a row of the table and of the chart."""


def label(run: Run) -> str:
    """A run's label in the picker."""
    marks = [t("metrics.shipped")] if run.shipped else []
    status = run.info.get("status")
    if isinstance(status, str) and status != "finished":
        marks.append(translated(one_line(status, 30)))
    name = one_line(run.name, 80)
    return f"{name} ({', '.join(marks)})" if marks else name


def runs_to_pick() -> dict[str, Run]:
    """Summaries of the runs by folder: those in training first, then what ships, newest first."""
    runs = {str(folder): read_run(folder, summary=True) for folder in run_folders()}
    ordered = sorted(runs, key=lambda key: (not runs[key].running, not runs[key].shipped))
    return {key: runs[key] for key in ordered}


def picked_run(runs: Mapping[str, Run]) -> Path | None:
    """Folder of the run that `pick_run` shows as picked; None where there are none."""
    if not runs:
        return None
    picked = str(st.session_state.get(_RUN, ""))
    return runs[picked if picked in runs else next(iter(runs))].folder


def pick_run(runs: Mapping[str, Run]) -> None:
    """Show the picker of runs, or a note that there are none."""
    if runs:
        st.selectbox(
            t("metrics.pick"), list(runs), format_func=lambda key: label(runs[key]), key=_RUN
        )
    else:
        st.info(t("metrics.no_runs"), icon=":material/model_training:")


def show_page() -> None:
    """Show the picker of runs, what is said of the run chosen, and the tab chosen."""
    problems, sentences, choices, *places = containers.reserve(3 + len(TABS))
    runs = runs_to_pick()
    folder = picked_run(runs)
    run = None if folder is None else read_run(folder)
    with problems:
        for problem in run.problems if run is not None else ():
            text = theme.escape_markdown(problem, max_chars=200)
            st.warning(text, icon=":material/warning:")
    with sentences:
        lead.show_lead((run.evaluation if run is not None else None) or {})
    chooser, picker = choices.columns([3, 2], gap="medium", vertical_alignment="bottom")
    with picker:
        pick_run(runs)
    with chooser:
        tab = pick_tab(run)
    # a container for each, so that nothing moves up when another is chosen
    with places[TABS.index(tab)]:
        show_tab(tab, run)


def pick_tab(run: Run | None) -> str:
    """The tabs; a run that is in training begins with its curves."""
    begins_with = "training" if run is not None and run.running else TABS[0]
    query_params.initialise(TAB_PARAM, query_params.read(TAB_PARAM, TABS, begins_with))
    labels = {name: t(f"tabs.{name}") for name in TABS}
    return query_params.segmented_control(
        TAB_PARAM,
        t("tabs.label"),
        TABS,
        TABS[0],
        format_func=labels.__getitem__,
        label_visibility="collapsed",
        wrap=True,
    )


def show_tab(tab: str, run: Run | None) -> None:
    """Draw one tab; nothing of the others is built."""
    evaluation: dict[str, Any] = (run.evaluation if run is not None else None) or {}
    if tab == "finder":
        photos, one_finder = containers.reserve(2)
        with photos:
            whole_photos.show_whole_photos(objects(evaluation.get("whole_photos")))
        with one_finder:
            finder.show_finder()
    elif tab == "compare":
        runs, front, study = containers.reserve(3)
        with runs:
            compare.show_runs()
        with front:
            widths.show_widths()
        with study:
            ablations.show_ablations()
    elif run is not None and tab == "training":
        training.show_training(run)
    elif run is None or run.evaluation is None:
        # without a run the picker says so
        if run is not None:
            st.info(t("metrics.no_evaluation"), icon=":material/fact_check:")
    elif tab == "groups":
        slices.show_people(evaluation)
    elif tab == "errors":
        errors.show_errors(evaluation, shown_sets(evaluation))
    else:
        summary.show_summary(evaluation, shown_sets(evaluation), run.folder)


def shown_sets(evaluation: dict[str, Any]) -> list[dict[str, Any]]:
    """The test sets group by group, after a note where there are too many."""
    sets = objects(evaluation.get("sets"))
    if len(sets) > MAX_SETS:
        st.warning(t("metrics.too_many_sets", n=len(sets), most=MAX_SETS))
    return test_sets.ordered(sets[:MAX_SETS])
