"""The report on a video as JSON and CSV, shared by the command line and the page."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from maskdet_core.batch.csv_lines import BOM, csv_line, text_cell
from maskdet_core.precision import round_seconds
from maskdet_core.types import Verdict
from maskdet_core.untrusted_text import valid_text
from maskdet_core.video.timeline import Person, count_by_second, count_by_verdict

if TYPE_CHECKING:
    from maskdet_core.video.check import VideoResult

SCHEMA: Final = 1
"""Version of the JSON object; it grows when a key changes or goes, not when one is added."""
TRACK_COLUMNS: Final[tuple[str, ...]] = (
    "video",
    "length_s",
    "status",
    "person",
    "start_s",
    "end_s",
    "verdict",
    "error",
)
"""The CSV's columns, explained in docs/command-line.md; new ones are only ever added at the end."""


def video_json(
    video: str, result: "VideoResult", *, annotated: str | None, folder: str | None
) -> dict[str, Any]:
    """Convert a video's result to plain JSON types.

    Args:
        video: name or path as the user gave it; never trusted.
        result: of the video.
        annotated: name of the annotated video in the folder, if one was made.
        folder: name of the folder with what was made, if there is one.

    Returns:
        What docs/command-line.md lists. The pictures of moments have names by `moment_name`.
    """
    counts = count_by_verdict(result.people)
    seconds = count_by_second(result.people, result.length_s)
    return {
        **_head(video),
        "width": result.width_px,
        "height": result.height_px,
        "length_s": round_seconds(result.length_s),
        "fps": None if result.info.fps is None else round(result.info.fps, 3),
        "codec": result.info.codec,
        "n_frames": result.n_frames,
        "n_people": len(result.people),
        "people_by_verdict": {verdict.value: counts[verdict] for verdict in Verdict},
        "people": [_person_json(person) for person in result.people],
        "by_second": {
            verdict.value: [getattr(one, verdict.value) for one in seconds] for verdict in Verdict
        },
        "moments": [
            {
                "at_s": round_seconds(one.at_s),
                "person": one.person,
                "verdict": one.verdict.value,
                "picture": None if folder is None else moment_name(number, one.person),
            }
            for number, one in enumerate(result.moments, 1)
        ],
        "notes": [note.message for note in result.notes],
        "folder": folder,
        "annotated": annotated,
        "error": None,
    }


def failed_video_json(video: str, error: str) -> dict[str, Any]:
    """The object of a video that could not be used: `video_json`'s, with nothing found."""
    return {
        **_head(video),
        "width": None,
        "height": None,
        "length_s": None,
        "fps": None,
        "codec": None,
        "n_frames": 0,
        "n_people": 0,
        "people_by_verdict": {verdict.value: 0 for verdict in Verdict},
        "people": [],
        "by_second": {verdict.value: [] for verdict in Verdict},
        "moments": [],
        "notes": [],
        "folder": None,
        "annotated": None,
        "error": valid_text(error),
    }


def moment_name(number: int, person: int) -> str:
    """Name of the picture of a moment, such as ``001-person-2.jpg``."""
    return f"{number:03d}-person-{person}.jpg"


def tracks_csv_text(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    r"""Yield CSV (RFC 4180) line by line, header first; lines end with ``\r\n``.

    One row for each interval of each person; one row with empty columns for a video without people
    or with an error. Texts are as in `maskdet_core.batch.csv_lines`.

    Args:
        rows: from `video_json` or `failed_video_json`.
    """
    yield csv_line(TRACK_COLUMNS)
    for row in rows:
        error = row["error"]
        status = "error" if error is not None else ("people" if row["people"] else "no_face")
        head = (text_cell(row["path"]), row["length_s"], status)
        tail = text_cell(error or "")
        if not row["people"]:
            yield csv_line((*head, None, None, None, None, tail))
        for person in row["people"]:
            for one in person["intervals"]:
                times = (one["start_s"], one["end_s"])
                yield csv_line((*head, person["person"], *times, one["verdict"], tail))


def tracks_csv_bytes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Build a whole CSV file: `BOM`, then `tracks_csv_text` in UTF-8."""
    return BOM + "".join(tracks_csv_text(rows)).encode("utf-8")


def _head(video: str) -> dict[str, Any]:
    # what reads the objects of photos finds no faces here, and people beside them
    return {"path": valid_text(video), "kind": "video", "schema": SCHEMA, "faces": []}


def _person_json(person: Person) -> dict[str, Any]:
    return {
        "person": person.number,
        "verdict": person.verdict.value,
        "seen_s": round_seconds(person.seen_s),
        "intervals": [
            {
                "start_s": round_seconds(one.start_s),
                "end_s": round_seconds(one.end_s),
                "verdict": one.verdict.value,
            }
            for one in person.intervals
        ],
    }
