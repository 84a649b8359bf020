"""Why a picture or a video cannot be checked, in the visitor's language."""

import math

from maskdet_app.ui.texts.i18n import t
from maskdet_core.reasons import Reason
from maskdet_core.times import clock


def reason_text(reason: Reason) -> str:
    """A reason in a sentence."""
    shown = {name: _shown(name, value) for name, value in reason.values.items()}
    return t(f"reason.{reason.problem}", **shown)


def _shown(name: str, value: float) -> object:
    if name.endswith("_s"):
        return clock(value)
    # what was found is above a limit in whole numbers
    return math.ceil(value) if name.startswith("got_") else round(value)
