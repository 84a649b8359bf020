"""Times in a film as people read them."""

from maskdet_app.ui.numbers import localised
from maskdet_core.html_report import videos


def clock(seconds: float) -> str:
    """A time as minutes and seconds, such as 1:07."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def clock_tenths(seconds: float) -> str:
    """A time to a tenth of a second in the visitor's language, such as 1:07.3."""
    return localised(videos.clock_tenths(seconds))
