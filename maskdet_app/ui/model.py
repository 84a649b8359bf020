"""The network, loaded once for all visitors, and the threshold that every page offers."""

from pathlib import Path
from typing import Final

import streamlit as st

from maskdet_app.ui import theme
from maskdet_app.ui.i18n import t
from maskdet_core import MaskDetector, MaskdetError, load_classifier
from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import Preset
from maskdet_core.masks.classifier import Classifier
from maskdet_core.masks.loading import default_model_path

THRESHOLDS_PERCENT: Final = (50, 99)


@st.cache_resource(show_spinner=False, max_entries=2)
def _classifier(path: str, changed_at: float) -> Classifier:
    # The time of change is part of the cache's key: a mended file is taken up without a restart.
    del changed_at
    return load_classifier(path)


@st.cache_resource(show_spinner=False, max_entries=4)
def _detector(path: str, changed_at: float, preset: Preset) -> MaskDetector:
    limit_opencv_threads()
    return MaskDetector.load(_classifier(path, changed_at), preset)


def load_detector(preset: Preset) -> MaskDetector | None:
    """The shared detector; None after the reason and the remedy were shown on the page.

    Args:
        preset: "live" finds faces fast, "photo" thoroughly.
    """
    path = default_model_path()
    try:
        with st.spinner(t("shared.loading_model")):
            return _detector(str(path), _changed_at(path), preset)
    except MaskdetError as error:
        st.error(
            t("shared.no_model", path=path, reason=theme.plain(str(error), max_chars=300)),
            icon=":material/error:",
        )
        st.info(t("shared.no_model_remedy"), icon=":material/build:")
        return None


def asked_threshold(detector: MaskDetector) -> float:
    """What the address says of the threshold, 0.5 to 0.99; the detector's where it says nothing."""
    low, high = THRESHOLDS_PERCENT
    try:
        percent = float(st.query_params.get("sure", ""))
    except ValueError:
        return detector.min_confidence
    return percent / 100 if low <= percent <= high else detector.min_confidence


def threshold_slider(detector: MaskDetector) -> float:
    """Show the threshold slider, bound to the address, and return its value, 0.5 to 0.99."""
    low, high = THRESHOLDS_PERCENT
    percent = st.slider(
        t("shared.threshold_label"),
        low,
        high,
        value=min(max(round(detector.min_confidence * 100), low), high),
        format="%d %%",
        help=t("shared.threshold_help"),
        key="sure",
        bind="query-params",
    )
    return float(percent) / 100


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
