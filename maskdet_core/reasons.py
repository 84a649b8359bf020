"""Why a picture or a video cannot be checked, or not all of it: for words in any language."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

_MAX_MESSAGE: Final = 1_000
"""Most characters of a message that comes from another process."""


class Problem(StrEnum):
    """What keeps a file, or part of it, from being checked."""

    EMPTY = "empty"
    FORMAT = "format"
    """No picture in a supported format."""
    TOO_LARGE = "too_large"
    """The file, in bytes."""
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_COSTLY = "too_costly"
    """Decoding would take too much memory, or takes too much time."""
    TOO_COMPLEX = "too_complex"
    """The file is made of too many parts."""
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    """The file cannot be read."""
    NO_MEMORY = "no_memory"
    """At the moment."""
    INTERRUPTED = "interrupted"
    """The work was stopped, or cannot begin; another try may succeed."""
    FAILED = "failed"
    """A fault of the program."""
    NOT_A_VIDEO = "not_a_video"
    """No video in a supported format, or in a codec that is not read."""
    TOO_LONG = "too_long"
    """The video."""
    FILM_TOO_LARGE = "film_too_large"
    """The annotated one."""
    CUT = "cut"
    """Only the video's beginning was read."""
    ENDS_EARLY = "ends_early"
    """The file holds less of the video than it declares."""
    REST_LOST = "rest_lost"
    """The rest of the video cannot be read."""
    PARTS_LOST = "parts_lost"
    """Parts of the video cannot be decoded."""
    NO_SOUND = "no_sound"
    """In the annotated video."""
    FEWER_PICTURES = "fewer_pictures"
    """Not every moment has a picture."""


VALUES: Final[Mapping[Problem, frozenset[str]]] = {
    Problem.TOO_LARGE: frozenset({"got_mb", "most_mb"}),
    Problem.TOO_MANY_PIXELS: frozenset({"most_megapixels"}),
    Problem.TOO_LONG: frozenset({"got_s", "most_s"}),
    Problem.CUT: frozenset({"most_s"}),
    Problem.ENDS_EARLY: frozenset({"read_s", "declared_s"}),
    Problem.PARTS_LOST: frozenset({"n"}),
    Problem.FEWER_PICTURES: frozenset({"most", "n"}),
}
"""Names of the values that go with a problem; none where it is not named here."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A problem with its values.

    Attributes:
        problem: its kind.
        message: the same in English, for programs and logs; it may say more.
        values: finite numbers, those of `VALUES`.
    """

    problem: Problem
    message: str
    values: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ValueError: other names than the problem has, or a number that is not finite.
        """
        expected = VALUES.get(self.problem, frozenset())
        if set(self.values) != expected or not all(map(math.isfinite, self.values.values())):
            raise ValueError(
                f"expected finite values {sorted(expected)} with {self.problem}, got {self.values}"
            )

    def to_json(self) -> dict[str, Any]:
        """As JSON, to pass between processes."""
        return {"problem": self.problem.value, "message": self.message, "values": {**self.values}}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read what `to_json` made, or whatever a process sent in its place.

        Raises:
            ValueError: it is something else.
        """
        try:
            values = {str(name): number for name, number in value["values"].items()}
            if not all(type(number) in (int, float) for number in values.values()):
                raise ValueError(f"expected numbers, got {values}")
            return cls(Problem(value["problem"]), str(value["message"])[:_MAX_MESSAGE], values)
        except (TypeError, KeyError, AttributeError, OverflowError) as error:
            raise ValueError(f"expected a reason, got {type(error).__name__}") from error
