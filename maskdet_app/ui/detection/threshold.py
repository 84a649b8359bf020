"""The threshold that every page offers: a slider and the query parameter ``sure``."""

from typing import Final

import streamlit as st

from maskdet_app.ui.texts.i18n import t
from maskdet_core import MaskDetector

QUERY_PARAM: Final = "sure"
"""Of the threshold in whole percent; also the slider's key."""
RANGE_PERCENT: Final = (50, 99)


def min_confidence_from_url(detector: MaskDetector) -> float:
    """The threshold of the query parameter, 0.5 to 0.99.

    Args:
        detector: gives the threshold where the query parameter is missing or invalid.
    """
    low, high = RANGE_PERCENT
    try:
        percent = float(st.query_params.get(QUERY_PARAM, ""))
    except ValueError:
        return detector.min_confidence
    return percent / 100 if low <= percent <= high else detector.min_confidence


def min_confidence_slider(detector: MaskDetector) -> float:
    """Show the threshold slider, bound to the query parameter.

    Args:
        detector: gives the default.

    Returns:
        The threshold, 0.5 to 0.99.
    """
    low, high = RANGE_PERCENT
    percent = st.slider(
        t("shared.threshold_label"),
        low,
        high,
        value=min(max(round(detector.min_confidence * 100), low), high),
        format="%d %%",
        help=t("shared.threshold_help"),
        key=QUERY_PARAM,
        bind="query-params",
    )
    return float(percent) / 100
