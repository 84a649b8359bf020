"""Times in a film in the visitor's language."""

from maskdet_app.ui.texts.numbers import localised
from maskdet_core import times


def clock_tenths(seconds: float) -> str:
    """A time to a tenth of a second, such as 1:07.3."""
    return localised(times.clock_tenths(seconds))
