"""Whether a mask worn wrong counts as no mask: a setting, the query parameter ``two``, a switch.

Only a network with the class "worn wrong" tells the difference; with any other the switch is not
shown.
"""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.settings.lookup import setting
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Face, MaskDetector, Verdict
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import MASK_CLASSES

SETTING: Final = "MASKDET_TWO_CLASSES"
"""Environment variable or Streamlit secret: 1 if the switch is on unless a visitor turns it off."""
QUERY_PARAM: Final = "two"
"""1 or 0; also the switch's key."""
_CODES: Final = ("0", "1")
"""Of off and on."""


def operator_default() -> bool:
    """The setting's value; off where it is not set.

    Raises:
        ValueError: it is neither 0 nor 1, nor true or false in ``secrets.toml``.
    """
    value = setting(SETTING)
    if value is None:
        return False
    code = str(int(value)) if isinstance(value, bool) else str(value)
    if code not in _CODES:
        raise ValueError(f"expected 0 or 1, got {value!r}")
    return code == _CODES[True]


def default() -> bool:
    """As `operator_default`; an invalid value is logged and counts as off."""
    try:
        return operator_default()
    except ValueError as error:
        operator_log.log_once(f"{SETTING}: {error}")
        return False


def from_url(detector: MaskDetector) -> bool:
    """Whether the query parameter, or without a valid one the detector, counts two classes."""
    code = query_params.read(QUERY_PARAM, _CODES, _CODES[detector.two_classes])
    return code == _CODES[True]


def switch(detector: MaskDetector) -> bool:
    """Show the switch, kept in the query parameter, where the network knows masks worn wrong.

    Args:
        detector: gives the default.

    Returns:
        Whether a mask worn wrong counts as no mask.
    """
    if not detector.classifier.manifest.has_worn_wrong:
        return from_url(detector)
    query_params.initialise(QUERY_PARAM, from_url(detector))
    chosen = st.toggle(t("shared.two_label"), help=t("shared.two_help"), key=QUERY_PARAM)
    query_params.write(QUERY_PARAM, [_CODES[chosen]], [_CODES[detector.two_classes]])
    return chosen


def verdicts(manifest: ModelManifest, *, two_classes: bool = False) -> tuple[Verdict, ...]:
    """The verdicts that a network can give, in the order in which pages show them."""
    three = manifest.has_worn_wrong and not two_classes
    return tuple(one for one in Verdict if three or one is not Verdict.WORN_WRONG)


def probabilities(face: Face, verdicts: Sequence[Verdict]) -> dict[Verdict, float]:
    """A face's probabilities by verdict; two where a mask worn wrong is no verdict of its own.

    Args:
        face: a face.
        verdicts: those that can be given.
    """
    two = Verdict.WORN_WRONG not in verdicts
    return {
        verdict: face.probabilities.of_verdict(verdict, two_classes=two)
        for verdict in map(Verdict, MASK_CLASSES)
        if verdict in verdicts
    }
