"""Read values from parsed JSON that may be missing, of another type, not finite, or huge."""

from collections.abc import Mapping
from typing import Any, Final

MAX_NUMBER: Final = 1e15
"""No measurement is larger; JSON allows whole numbers of thousands of digits."""
MAX_CHARS: Final = 300
MAX_ITEMS: Final = 5_000
MAX_DEPTH: Final = 12


def finite(value: Any) -> float | None:
    """The number as a float, or None for what is no number from -`MAX_NUMBER` to `MAX_NUMBER`."""
    # Comparing handles NaN and whole numbers that no float can hold.
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not -MAX_NUMBER <= value <= MAX_NUMBER
    ):
        return None
    return float(value)


def count(value: Any) -> float | None:
    """As `finite`, but None for a negative number, too."""
    number = finite(value)
    return None if number is None or number < 0 else number


def one_line(value: Any, max_chars: int = MAX_CHARS) -> str:
    """A text that can be shown: without control characters and lone surrogates, and not too long.

    The result is not escaped: Markdown and HTML in it keep their meaning where they have one.
    """
    text = value if isinstance(value, str) else str(value)
    text = text[: 4 * max_chars]
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= max_chars else f"{text[: max_chars - 2]} …"


class Bounded:
    """A copy of parsed JSON in which every number, text and list is of a size that can be drawn.

    Attributes:
        value: the copy. A number becomes None if it is not `finite`, or negative where `is_count`
            says that its key is a count's.
        n_dropped: numbers, items and levels that were left out.
    """

    def __init__(self, value: Any) -> None:
        """Copy a value."""
        self.n_dropped = 0
        self.value = self._copy(value, "", 0)

    def _copy(self, value: Any, key: str, depth: int) -> Any:
        if isinstance(value, str):
            return one_line(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            if (count if is_count(key) else finite)(value) is None:
                self.n_dropped += 1
                return None
            return value
        if depth >= MAX_DEPTH or not isinstance(value, list | dict):
            self.n_dropped += 1
            return None
        self.n_dropped += max(0, len(value) - MAX_ITEMS)
        if isinstance(value, list):
            return [self._copy(item, key, depth + 1) for item in value[:MAX_ITEMS]]
        return {
            one_line(name): self._copy(item, name, depth + 1)
            for name, item in list(value.items())[:MAX_ITEMS]
        }


def is_count(key: str) -> bool:
    """Whether a record's key names a number that cannot be negative."""
    return key.startswith("n_") or key in _COUNTS


_COUNTS: Final = frozenset(
    ("n", "epoch", "epochs", "epochs_total", "epoch_samples", "samples", "seconds", "false_faces")
)


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list, or an empty list for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def interval(item: Mapping[str, Any]) -> tuple[float, float] | None:
    """The 95 % confidence interval ``ci95`` as two finite numbers, low and high, or None."""
    pair = item.get("ci95")
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    low, high = finite(pair[0]), finite(pair[1])
    return None if low is None or high is None else (low, high)
