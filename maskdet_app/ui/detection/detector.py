"""The cached detector: the network and the finder are loaded once for all visitors."""

from contextlib import nullcontext
from pathlib import Path
from typing import Final

import streamlit as st

from maskdet_app.ops.observability import operator_log
from maskdet_app.ui.detection import two_classes
from maskdet_app.ui.texts.i18n import t
from maskdet_core import MaskDetector, MaskdetError, load_classifier
from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import Preset
from maskdet_core.masks.classifier import Classifier
from maskdet_core.masks.loading import default_model_path

_LOADED: Final[set[tuple[str, float, Preset, bool]]] = set()
"""What is loaded by now, most likely: the cache does not tell."""


@st.cache_resource(show_spinner=False, max_entries=2)
def _classifier(path: str, modified_at: float) -> Classifier:
    # The modification time is part of the cache key: a replaced file is loaded without a restart.
    del modified_at
    return load_classifier(path)


@st.cache_resource(show_spinner=False, max_entries=4)
def _detector(path: str, modified_at: float, preset: Preset, two: bool) -> MaskDetector:
    limit_opencv_threads()
    return MaskDetector.load(_classifier(path, modified_at), preset, two_classes=two)


def load_detector(preset: Preset) -> MaskDetector | None:
    """The shared detector, or None after showing on the page why there is none.

    Args:
        preset: "live" for a fast search for faces, "photo" for a thorough one.
    """
    path = default_model_path()
    key = (str(path), _modified_at(path), preset, two_classes.default())
    # its place alone moves what stands below, in each run
    waiting = nullcontext() if key in _LOADED else st.spinner(t("shared.loading_model"))
    try:
        with waiting:
            detector = _detector(*key)
        _LOADED.add(key)
        return detector
    except MaskdetError as error:
        operator_log.log_once(f"network {path}: {error}")
        st.error(t("shared.no_model"), icon=":material/error:")
        st.info(t("shared.no_model_remedy"), icon=":material/build:")
        return None


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
