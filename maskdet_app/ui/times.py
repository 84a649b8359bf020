"""Times in a film as people read them."""


def clock(seconds: float) -> str:
    """A time as minutes and seconds, such as 1:07."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
