"""The options of a request, in its query: those of the command line, by the same names."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from maskdet_app.api.problems import MALFORMED, ProblemError
from maskdet_app.ui.detection import two_classes
from maskdet_core.batch.photos.judging import JudgeOptions
from maskdet_core.detector import MIN_FACE_PX
from maskdet_core.types import validate_min_confidence
from maskdet_core.untrusted_text import one_line

MAX_FACE_PX: Final = 20_000
"""No accepted picture is higher."""
MAX_NAME_CHARS: Final = 255
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
COMMON: Final = ("min_confidence", "two_classes", "name")
CHECK: Final = (*COMMON, "min_face")


def options(query: Mapping[str, str], known: tuple[str, ...]) -> JudgeOptions:
    """Read the options.

    Args:
        query: of the request.
        known: names of its options.

    Raises:
        ProblemError: an unknown name, or an invalid value.
    """
    for given in query:
        if given not in known:
            raise ProblemError(
                MALFORMED, f"expected options among {', '.join(known)}, got another one"
            )
    two = _read(query, "two_classes", _boolean)
    return JudgeOptions(
        _read(query, "min_confidence", lambda text: validate_min_confidence(float(text))),
        _read(query, "min_face", _face_px),
        two_classes.default() if two is None else two,
    )


def name(query: Mapping[str, str]) -> str:
    """The name of a picture that is sent alone; empty if it has none.

    Raises:
        ProblemError: it is too long.
    """
    given = query.get("name", "")
    if len(given) > MAX_NAME_CHARS:
        raise ProblemError(MALFORMED, f"name: expected at most {MAX_NAME_CHARS} characters")
    return given


def _read(query: Mapping[str, str], option: str, parse: Callable[[str], Any]) -> Any:
    given = query.get(option)
    if given is None:
        return None
    try:
        return parse(given)
    except (KeyError, ValueError):
        raise ProblemError(
            MALFORMED, f"{option}: expected {_EXPECTED[option]}, got {one_line(given[:40])!r}"
        ) from None


_EXPECTED: Final = {
    "min_confidence": "a number from 0.5 to below 1",
    "min_face": f"a whole number of px from {MIN_FACE_PX} to {MAX_FACE_PX}",
    "two_classes": "true or false",
}


def _boolean(text: str) -> bool:
    return _BOOLEANS[text]


def _face_px(text: str) -> int:
    px = int(text) if text.isascii() and text.isdecimal() else 0
    if not MIN_FACE_PX <= px <= MAX_FACE_PX:
        raise ValueError(text)
    return px
