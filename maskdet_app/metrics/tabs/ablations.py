"""The ablation study on the training metrics page."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from maskdet_app.metrics.charts.dots import Dot, dot_plot
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.records.runs import MODELS, Run, read_object, read_run, run_folders
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.elements.charts import Chart
from maskdet_app.ui.json_values import count, interval, objects, one_line
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core.records.ablations import FALSE_ALARMS, LOOSE_BOXES

FILE: Final = MODELS / "ablations.json"
_UNCHANGED: Final = "slim"
"""The recipe that a record's others differ from."""
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
        format_func=lambda name: theme.escape_markdown(translated(name)),
        key="ablation",
        label_visibility="collapsed",
    )
    test = chosen or tests[0]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        draw(dots(configurations, test))
    with right:
        st.markdown(f"**{t('ablations.why')}**")
        for text in reasons(record, configurations, test, shipped_run()):
            st.markdown(text)


def shipped_run() -> Run | None:
    """The run of the network in use by default, None where none ships."""
    folder = next((one for one in run_folders() if one.parent == MODELS / "runs"), None)
    return None if folder is None else read_run(folder)


def reasons(
    record: Mapping[str, Any],
    configurations: Sequence[dict[str, Any]],
    test: str,
    shipped: Run | None,
) -> list[str]:
    """Why the unchanged recipe need not come first, from the records' own figures, as Markdown.

    Args:
        record: of the ablations.
        configurations: its own.
        test: name of the test that is shown.
        shipped: the run whose network ships.
    """
    told = []
    epochs, faces = count(record.get("epochs")), count(record.get("epoch_samples"))
    if epochs is not None and faces is not None:
        told.append(
            t(
                "ablations.note",
                epochs=number_text(epochs, ".0f"),
                faces=number_text(faces, ",.0f"),
                total=number_text(epochs * faces, ",.0f"),
                weights=_escaped(record.get("start_weights")),
                date=_date(record.get("created")),
            )
        )
    config = None if shipped is None else shipped.info.get("config")
    samples = count(config.get("epoch_samples")) if isinstance(config, dict) else None
    if shipped is not None and isinstance(config, dict) and samples is not None and shipped.epochs:
        network = config.get("network")
        widths = network.get("widths") if isinstance(network, dict) else None
        told.append(
            t(
                "ablations.shipped",
                name=_escaped(shipped.name),
                weights=_escaped(config.get("weights")),
                channels=_escaped(
                    ", ".join(map(str, widths[:8])) if isinstance(widths, list) else None
                ),
                epochs=number_text(len(shipped.epochs), ","),
                faces=number_text(samples, ",.0f"),
                date=_date(shipped.info.get("started")),
            )
        )
    better, worse = beyond_chance(configurations, test)
    told.append(
        t(
            "ablations.chance",
            better=", ".join(better) or t("ablations.none"),
            worse=", ".join(worse) or t("ablations.none"),
        )
    )
    told.append(t("ablations.once"))
    if test in (FALSE_ALARMS, LOOSE_BOXES):
        told.append(t("ablations.dropped"))
    return [*told, t("ablations.harder")]


def beyond_chance(
    configurations: Sequence[dict[str, Any]], test: str
) -> tuple[list[str], list[str]]:
    """Configurations whose intervals lie wholly above, and wholly below, the unchanged one's.

    Args:
        configurations: of the record.
        test: name of a test.

    Returns:
        Their summaries, escaped for Markdown.
    """
    found = [
        (configuration, ends)
        for configuration in configurations
        for result in objects(configuration.get("tests"))
        if one_line(result.get("name"), 120) == test and (ends := interval(result)) is not None
    ]
    own = next((ends for one, ends in found if one.get("name") == _UNCHANGED), None)
    if own is None:
        return [], []
    low, high = own
    return (
        [_summary(one) for one, ends in found if ends[0] > high],
        [_summary(one) for one, ends in found if ends[1] < low],
    )


def _name(configuration: Mapping[str, Any]) -> str:
    # records call it the recipe that ships, though the network that ships has another training
    if configuration.get("name") == _UNCHANGED:
        return t("ablations.unchanged")
    return translated(one_line(configuration.get("summary") or configuration.get("name"), 120))


def _summary(configuration: Mapping[str, Any]) -> str:
    text = _name(configuration)
    return f"“{theme.escape_markdown(text, max_chars=120)}”"


def _escaped(value: object) -> str:
    """A text of a record for Markdown; "?" where there is none."""
    return theme.escape_markdown(one_line(value, 60)) if isinstance(value, str) else "?"


def _date(value: object) -> str:
    """The day of an ISO date, escaped for Markdown; "?" where there is none."""
    return theme.escape_markdown(one_line(value)[:10]) if isinstance(value, str) else "?"


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
            _name(configuration),
            kinds[configuration.get("name") != _UNCHANGED],
            result,
        )
        for configuration in configurations
        for result in objects(configuration.get("tests"))
        if one_line(result.get("name"), 120) == test
    ]
    return dot_plot(found, t("ablations.axis", test=translated(test)), apart=False)
