"""How a visitor's video is checked."""

from typing import NamedTuple

import streamlit as st

from maskdet_app.ui.detection import threshold, two_classes
from maskdet_app.ui.texts.i18n import t
from maskdet_core import MaskDetector, Verdict


class CheckOptions(NamedTuple):
    """How a video is checked, and what is made of it.

    Attributes:
        min_confidence: see `maskdet_core.types.decide`.
        two_classes: the same.
        verdicts: those that can be given.
        blur_faces: blur all faces in what is downloaded.
    """

    min_confidence: float
    two_classes: bool
    verdicts: tuple[Verdict, ...]
    blur_faces: bool


def show(detector: MaskDetector) -> CheckOptions:
    """Draw the widgets, folded away as those of photos, and return the options."""
    with st.expander(t("photo.options"), icon=":material/tune:", key="photo-options"):
        min_confidence = threshold.min_confidence_slider(detector)
        two = two_classes.switch(detector)
        blur_faces = st.toggle(
            t("photo.blur"), help=t("video.blur_help"), key="blur", bind="query-params"
        )
    verdicts = two_classes.verdicts(detector.classifier.manifest, two_classes=two)
    return CheckOptions(min_confidence, two, verdicts, blur_faces)
