"""The visitor's options on the photo page, all kept in the query parameters."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st

from maskdet_app.photo.batch import FACE_SIZES, FaceSize
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.detection import threshold, two_classes
from maskdet_app.ui.texts.i18n import t
from maskdet_core import MaskDetector, Verdict

_DEFAULT_FACE_SIZE: Final[FaceSize] = "usual"


@dataclass(frozen=True, slots=True)
class PhotoOptions:
    """A visitor's options.

    Attributes:
        min_confidence: threshold, 0.5 <= c < 1.
        two_classes: whether a mask worn wrong counts as no mask.
        verdicts: those that can be given.
        face_size: least size of the faces to detect.
        show_activation_map: whether the detail view shows class activation maps.
        blur_faces: whether to blur faces in the downloads.
    """

    min_confidence: float
    two_classes: bool
    verdicts: tuple[Verdict, ...]
    face_size: FaceSize
    show_activation_map: bool
    blur_faces: bool


def show(detector: MaskDetector) -> PhotoOptions:
    """Draw the widgets, folded away, and return the options."""
    # Its widgets are there while it is closed, other than a popover's.
    with st.expander(t("photo.options"), icon=":material/tune:", key="photo-options"):
        return _show_widgets(detector)


def _show_widgets(detector: MaskDetector) -> PhotoOptions:
    min_confidence = threshold.min_confidence_slider(detector)
    two = two_classes.switch(detector)
    face_size = query_params.segmented_control(
        "smallest",
        t("photo.smallest"),
        FACE_SIZES,
        _DEFAULT_FACE_SIZE,
        format_func=lambda size: t(f"photo.smallest_{size}"),
        help=t("photo.smallest_help"),
        width="stretch",
    )
    available = _has_activation_map(detector)
    show_activation_map = st.toggle(
        t("photo.why"),
        help=t("photo.why_help") if available else t("photo.why_not"),
        disabled=not available,
        key="why",
        bind="query-params",
    )
    blur_faces = st.toggle(
        t("photo.blur"), help=t("photo.blur_help"), key="blur", bind="query-params"
    )
    return PhotoOptions(
        min_confidence,
        two,
        two_classes.verdicts(detector.classifier.manifest, two_classes=two),
        face_size,
        show_activation_map and available,
        blur_faces,
    )


def _has_activation_map(detector: MaskDetector) -> bool:
    # No crops, no inference: only tells whether the network has the output.
    size = detector.classifier.manifest.input_size_px
    no_crops = np.empty((0, size, size, 3), np.uint8)
    return detector.classifier.activation_map(no_crops) is not None
