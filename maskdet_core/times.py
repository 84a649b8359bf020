"""Times in a video as people read them."""


def clock(seconds: float) -> str:
    """A time, such as 1:07 or 1:02:07."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def clock_tenths(seconds: float) -> str:
    """A time to a tenth of a second, such as 1:07.3."""
    tenths = round(10 * seconds)
    return f"{clock(tenths // 10)}.{tenths % 10}"
