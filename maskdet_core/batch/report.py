"""One report of the faces in photos, the same for the command line and the web page.

Names of photos come from strangers: in CSV they are kept from being taken for formulas, and no
name breaks a line, a column or the writing.
"""

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from maskdet_core.types import Detections

COLUMNS: Final[tuple[str, ...]] = (
    "photo",
    "width_px",
    "height_px",
    "status",
    "face",
    "x_px",
    "y_px",
    "w_px",
    "h_px",
    "verdict",
    "p_with_mask",
    "n_unjudged",
    "annotated",
    "error",
)
"""The CSV's columns, explained in the README; new ones are only ever added at the end."""
BOM: Final = b"\xef\xbb\xbf"
"""Begins a CSV file: without it Excel takes UTF-8 for the machine's old code page."""
MAX_NAME_CHARS: Final = 40
"""Characters of a photo's own name that the name of its annotated copy keeps."""

_FORMULA: Final = re.compile(
    # A spreadsheet drops what cannot be seen before it looks for a sign; the wide forms count too.
    r"[\s\x00-\x1f\x7f\ufeff\u200b-\u200f\u2060]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[ ]*[\t\r\n]"
)
_BREAKS: Final = frozenset({"Cc", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What came of one photo: faces, or the reason why it could not be used.

    Attributes:
        photo: name or path as the user gave it; never trusted.
        detections: what was found; None where the photo could not be used.
        error: why not; None where it could.
        annotated: name of the annotated copy, where one was made.
    """

    photo: str
    detections: Detections | None
    error: str | None = None
    annotated: str | None = None

    def __post_init__(self) -> None:
        """Refuse a report without an outcome, or with two.

        Raises:
            ValueError: not exactly one of ``detections`` and ``error``.
        """
        if (self.detections is None) == (self.error is None):
            raise ValueError(
                "expected either detections or an error, got "
                f"{'neither' if self.error is None else 'both'} for {self.photo!r}"
            )

    @property
    def status(self) -> str:
        """One of "faces" (at least one has a verdict), "no_face" and "error"."""
        if self.detections is None:
            return "error"
        return "faces" if self.detections.faces else "no_face"


def to_json(report: PhotoReport) -> dict[str, Any]:
    """A photo's report in plain JSON types.

    Returns:
        ``path``, ``width`` and ``height`` in px, ``faces`` (each with ``box_xywh`` in px,
        ``verdict`` and ``p_with_mask``, null where the network failed), ``n_unjudged``,
        ``annotated``, ``error``. What is no Unicode in a name is replaced by U+FFFD.
    """
    found = report.detections
    return {
        "path": valid_text(report.photo),
        "width": None if found is None else found.width_px,
        "height": None if found is None else found.height_px,
        "faces": [
            {
                "box_xywh": list(face.box.xywh),
                "verdict": face.verdict.value,
                "p_with_mask": rounded(face.p_with_mask),
            }
            for face in (() if found is None else found.faces)
        ],
        "n_unjudged": 0 if found is None else len(found.unjudged),
        "annotated": None if report.annotated is None else valid_text(report.annotated),
        "error": None if report.error is None else valid_text(report.error),
    }


def json_text(reports: Iterable[PhotoReport]) -> Iterator[str]:
    """A JSON array in pieces, one object (see `to_json`) a line."""
    yield "["
    before = "\n"
    for report in reports:
        yield before + json.dumps(to_json(report), ensure_ascii=False, allow_nan=False)
        before = ",\n"
    yield "\n]\n"


def csv_text(reports: Iterable[PhotoReport]) -> Iterator[str]:
    r"""CSV by RFC 4180, line by line with the header first; lines end with ``\r\n``.

    A row a face; one row with empty face columns for a photo without faces or with an error. Text
    is quoted, so that neither comma nor semicolon in a name begins a column, and gets a leading
    ``'`` where a spreadsheet would take it for a formula.
    """
    yield _csv_line(COLUMNS)
    for report in reports:
        for row in _rows(report):
            yield _csv_line(row)


def csv_bytes(reports: Iterable[PhotoReport]) -> bytes:
    """A whole CSV file: `BOM`, then `csv_text` in UTF-8."""
    return BOM + "".join(csv_text(reports)).encode("utf-8")


def safe_name(photo: str, number: int) -> str:
    """Name for a photo's annotated copy, such as ``001-holiday.jpg``: never a path.

    Args:
        photo: name or path of the photo, by Windows' rules or others'.
        number: makes the name unique, 1 or more.

    Returns:
        The number, then at most `MAX_NAME_CHARS` of A-Z, a-z, 0-9, ``_`` and ``-`` taken from
        the photo's name without its ending ("photo" where nothing is left), then ``.jpg``.

    Raises:
        ValueError: a number below 1.
    """
    if number < 1:
        raise ValueError(f"number must be 1 or more, got {number}")
    name = re.split(r"[/\\]", photo)[-1]
    stem = name.rpartition(".")[0] if "." in name else name
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode("ascii")
    harmless = re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-_")[:MAX_NAME_CHARS].rstrip("-_")
    return f"{number:03d}-{harmless or 'photo'}.jpg"


def valid_text(text: str) -> str:
    """The text with U+FFFD for what is no Unicode, as in names of files in another encoding."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def one_line(text: str) -> str:
    """As `valid_text`, with spaces for line breaks and other control characters."""
    return "".join(
        " " if unicodedata.category(char) in _BREAKS else char for char in valid_text(text)
    )


def rounded(probability: float) -> float | None:
    """A probability to six places; None where the network failed."""
    return round(probability, 6) if math.isfinite(probability) else None


def _rows(report: PhotoReport) -> Iterator[tuple[str | int | float | None, ...]]:
    found = report.detections
    size = (None, None) if found is None else (found.width_px, found.height_px)
    photo = (_cell(report.photo), *size, report.status)
    rest = (
        None if found is None else len(found.unjudged),
        _cell(report.annotated or ""),
        _cell(report.error or ""),
    )
    if found is None or not found.faces:
        yield (*photo, None, None, None, None, None, None, None, *rest)
        return
    for number, face in enumerate(found.faces, 1):
        probability = rounded(face.p_with_mask)
        yield (*photo, number, *face.box.xywh, face.verdict.value, probability, *rest)


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula, as OWASP advises against CSV injection."""
    return ("'" if _FORMULA.match(text) else "") + one_line(text)


def _csv_line(values: Iterable[str | int | float | None]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerow(values)
    return line.getvalue()
