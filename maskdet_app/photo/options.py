"""What a visitor may set on the photo page. Every setting lives in the page's address."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st

from maskdet_app.photo.batch import SMALLEST, Smallest
from maskdet_app.ui import model, query_params
from maskdet_app.ui.i18n import t
from maskdet_core import MaskDetector

_USUAL: Final[Smallest] = "usual"


@dataclass(frozen=True, slots=True)
class PhotoOptions:
    """A visitor's choices.

    Attributes:
        min_confidence: threshold, 0.5 <= c < 1.
        smallest: which faces are looked for.
        why: whether to show what spoke for each verdict.
        blurred: whether faces are blurred in what is taken home.
    """

    min_confidence: float
    smallest: Smallest
    why: bool
    blurred: bool


def ask(detector: MaskDetector) -> PhotoOptions:
    """Draw the settings and return what they say."""
    min_confidence = model.threshold_slider(detector)
    smallest = query_params.segmented_control(
        "smallest",
        t("photo.smallest"),
        SMALLEST,
        _USUAL,
        format_func=lambda one: t(f"photo.smallest_{one}"),
        help=t("photo.smallest_help"),
        width="stretch",
    )
    explains = _explains(detector)
    why = st.toggle(
        t("photo.why"),
        help=t("photo.why_help") if explains else t("photo.why_not"),
        disabled=not explains,
        key="why",
        bind="query-params",
    )
    blurred = st.toggle(t("photo.blur"), help=t("photo.blur_help"), key="blur", bind="query-params")
    return PhotoOptions(min_confidence, smallest, why and explains, blurred)


def _explains(detector: MaskDetector) -> bool:
    size = detector.classifier.manifest.input_size_px
    return detector.classifier.activation_map(np.empty((0, size, size, 3), np.uint8)) is not None
