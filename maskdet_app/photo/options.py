"""What a visitor may set on the photo page. Every setting lives in the page's address."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st

from maskdet_app.photo.batch import SMALLEST, Smallest
from maskdet_app.ui import model
from maskdet_app.ui import query_params as address
from maskdet_app.ui.i18n import say
from maskdet_core import MaskDetector

_USUAL: Final[Smallest] = "usual"


@dataclass(frozen=True, slots=True)
class DeskOptions:
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


def ask(detector: MaskDetector) -> DeskOptions:
    """Draw the settings and return what they say."""
    min_confidence = model.threshold_slider(detector)
    smallest = address.choice(
        "smallest",
        say("photo.smallest"),
        SMALLEST,
        _USUAL,
        format_func=lambda one: say(f"photo.smallest_{one}"),
        help=say("photo.smallest_help"),
        width="stretch",
    )
    explains = _explains(detector)
    why = st.toggle(
        say("photo.why"),
        help=say("photo.why_help") if explains else say("photo.why_not"),
        disabled=not explains,
        key="why",
        bind="query-params",
    )
    blurred = st.toggle(
        say("photo.blur"), help=say("photo.blur_help"), key="blur", bind="query-params"
    )
    return DeskOptions(min_confidence, smallest, why and explains, blurred)


def _explains(detector: MaskDetector) -> bool:
    size = detector.classifier.manifest.input_size_px
    return detector.classifier.evidence(np.empty((0, size, size, 3), np.uint8)) is not None
