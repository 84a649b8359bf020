"""Finders on street photographs with hand-drawn boxes, on the training metrics page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from maskdet_app.metrics.charts import drawn_charts
from maskdet_app.metrics.charts.drawing import draw
from maskdet_app.metrics.charts.run_charts import class_labels
from maskdet_app.metrics.records.recorded import Recorded
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.json_values import Bounded, count, finite, one_line
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core import CascadeError
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.types import MASK_CLASSES, WITHOUT_MASK


def show_drawn(manifest: CascadeManifest) -> None:
    """Draw the comparison of a finder's manifest, else that of the shipped one's, if any."""
    drawn, recorded = drawn_record(manifest)
    records = drawn_charts.of_first_set(drawn.get("records"))
    if not records:
        return
    earlier = recorded.rows("drawn", records)
    records = [*records, *earlier][: drawn_charts.MAX_FINDERS]
    st.subheader(t("drawn.title"), anchor=False)
    st.caption(intro(drawn, records))
    labels = class_labels(MASK_CLASSES)
    chosen = st.segmented_control(
        t("drawn.pick"),
        list(labels),
        default=WITHOUT_MASK,
        format_func=labels.__getitem__,
        key="drawn_class",
        label_visibility="collapsed",
    )
    label = chosen or WITHOUT_MASK
    left, right = st.columns(2, gap="medium")
    with left:
        curves = drawn_charts.recall_curves(records, label)
        if curves is not None:
            draw(curves)
            st.caption(t("drawn.curve_note"))
    with right:
        poses = drawn_charts.pose_dots(records, label)
        if poses is not None:
            draw(poses)
            st.caption(t("drawn.pose_note"))
    st.dataframe(list(drawn_charts.table_rows(records)), hide_index=True)
    st.caption(t("drawn.time_note", processor=processor(drawn)))
    if earlier:
        st.caption(recorded.note(earlier))


def drawn_record(
    manifest: CascadeManifest, shipped: Path = DEFAULT_MANIFEST
) -> tuple[dict[str, Any], Recorded]:
    """The comparison on hand-drawn boxes of a manifest, and the figures recorded beside it.

    Args:
        manifest: of the finder in use.
        shipped: manifest whose comparison stands in where that one has none.
    """
    if not isinstance(manifest.evaluation.get("drawn"), dict):
        try:
            manifest = CascadeManifest.load(shipped)
        except CascadeError:
            return {}, Recorded({})
    found = Bounded(manifest.evaluation.get("drawn")).value
    return found if isinstance(found, dict) else {}, Recorded.of(manifest)


def intro(drawn: Mapping[str, Any], records: list[dict[str, Any]]) -> str:
    """What was measured, in words."""
    iou, photos = finite(drawn.get("match_iou")), count(records[0].get("photos"))
    told = t(
        "drawn.intro",
        photos="?" if photos is None else number_text(photos, ".0f"),
        iou="?" if iou is None else number_text(iou, "g"),
    )
    names = drawn.get("manifests")
    finders = [
        t("drawn.name", role=_shown(translated(one_line(role)), 30), name=_shown(name, 60))
        for role, name in (names.items() if isinstance(names, dict) else ())
    ]
    return " ".join([told, *finders])


def processor(drawn: Mapping[str, Any]) -> str:
    """Name of the processor that times were measured on."""
    return _shown(drawn.get("processor", "?"), 80)


def _shown(text: object, max_chars: int) -> str:
    return theme.escape_markdown(one_line(text, max_chars), max_chars)
