"""The report on the faces in photos, shared by the command line and the photo page.

Names of photos are untrusted; see `maskdet_core.untrusted_text` and `maskdet_core.batch.csv_lines`.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from maskdet_core.batch.csv_lines import BOM, csv_line, text_cell
from maskdet_core.draw.annotate import shown_percent
from maskdet_core.precision import probabilities_json, round_probability
from maskdet_core.types import Detections, Verdict
from maskdet_core.untrusted_text import safe_stem, valid_text

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
    "p_worn_wrong",
    "p_without_mask",
    "percent",
)
"""The CSV's columns, explained in docs/command-line.md; new ones are only ever added at the end."""


class PhotoKind(StrEnum):
    """What a photo shows, in the order in which it matters: a photo is of the first that fits."""

    WITHOUT_MASK = Verdict.WITHOUT_MASK
    WORN_WRONG = Verdict.WORN_WRONG
    NOT_SURE = Verdict.NOT_SURE
    WITH_MASK = Verdict.WITH_MASK
    NO_FACE = "no_face"
    UNREAD = "unread"


def photo_kind(detections: Detections | None) -> PhotoKind:
    """The kind of a photo, by its faces; None stands for one that could not be used."""
    if detections is None:
        return PhotoKind.UNREAD
    found = {face.verdict.value for face in detections}
    return next((kind for kind in PhotoKind if kind in found), PhotoKind.NO_FACE)


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """The result for one photo: detections, or the reason why it could not be used.

    Attributes:
        photo: name or path as the user gave it; never trusted.
        detections: what was found; None if the photo could not be used.
        error: why not; None if it could.
        annotated: name of the annotated copy, if one was made.
        is_final: False if another try may succeed: the file could not be read at the moment, or
            memory was short. A resumed run checks such a photo again.
    """

    photo: str
    detections: Detections | None
    error: str | None = None
    annotated: str | None = None
    is_final: bool = True

    def __post_init__(self) -> None:
        """Validate that there is one outcome.

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
    """Convert a photo's report to plain JSON types.

    Returns:
        ``path``, ``width`` and ``height`` in px, ``faces`` (each with ``box_xywh`` in px,
        ``verdict``, and the probabilities of `probabilities_json`), ``n_unjudged``,
        ``annotated``, ``error``. Invalid Unicode in a name is replaced by U+FFFD.
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
                **probabilities_json(face.probabilities),
            }
            for face in (() if found is None else found.faces)
        ],
        "n_unjudged": 0 if found is None else len(found.unjudged),
        "annotated": None if report.annotated is None else valid_text(report.annotated),
        "error": None if report.error is None else valid_text(report.error),
    }


def json_text(
    reports: Iterable[PhotoReport], others: Iterable[Mapping[str, Any]] = ()
) -> Iterator[str]:
    """Yield a JSON array in pieces, with one object (see `to_json`) per line.

    Args:
        reports: of photos.
        others: further objects, which come last.
    """
    yield "["
    before = "\n"
    for row in itertools.chain(map(to_json, reports), others):
        yield before + json.dumps(row, ensure_ascii=False, allow_nan=False)
        before = ",\n"
    yield "\n]\n"


def csv_text(reports: Iterable[PhotoReport]) -> Iterator[str]:
    r"""Yield CSV (RFC 4180) line by line, header first; lines end with ``\r\n``.

    One row per face; one row with empty face columns for a photo without faces or with an error.
    Text is quoted, so that neither comma nor semicolon in a name begins a column, and gets a
    leading ``'`` if a spreadsheet would take it for a formula.
    """
    yield csv_line(COLUMNS)
    for report in reports:
        for row in _rows(report):
            yield csv_line(row)


def csv_bytes(reports: Iterable[PhotoReport]) -> bytes:
    """Build a whole CSV file: `BOM`, then `csv_text` in UTF-8."""
    return BOM + "".join(csv_text(reports)).encode("utf-8")


def safe_name(photo: str, number: int) -> str:
    r"""Make a file name for a photo's annotated copy, such as ``001-holiday.jpg``; never a path.

    Args:
        photo: name or path of the photo, with ``/`` or ``\`` as separator.
        number: makes the name unique, 1 or more.

    Returns:
        The number, then the photo's `safe_stem` ("photo" if nothing is left), then ``.jpg``.

    Raises:
        ValueError: a number below 1.
    """
    if number < 1:
        raise ValueError(f"number must be 1 or more, got {number}")
    return f"{number:03d}-{safe_stem(photo) or 'photo'}.jpg"


def _rows(report: PhotoReport) -> Iterator[tuple[str | int | float | None, ...]]:
    found = report.detections
    size = (None, None) if found is None else (found.width_px, found.height_px)
    photo = (text_cell(report.photo), *size, report.status)
    rest = (
        None if found is None else len(found.unjudged),
        text_cell(report.annotated or ""),
        text_cell(report.error or ""),
    )
    if found is None or not found.faces:
        yield (*photo, *[None] * 7, *rest, None, None, None)
        return
    for number, face in enumerate(found.faces, 1):
        p_with_mask, *others = map(round_probability, face.probabilities)
        verdict = face.verdict.value
        percent = shown_percent(face, two_classes=found.two_classes)
        yield (*photo, number, *face.box.xywh, verdict, p_with_mask, *rest, *others, percent)
