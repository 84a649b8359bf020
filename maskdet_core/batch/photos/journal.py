"""The journal of a results folder: a line per photo as soon as it is done, to resume a run from.

The first line holds the format and the settings, each further one a photo. If a photo has several
lines, the last one counts. Paths are kept exactly, with invalid Unicode as JSON escapes.
"""

import json
import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, TypeVar

from maskdet_core.batch.photos.report import PhotoReport, to_json
from maskdet_core.batch.resume import REMEDY, lock
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.errors import JournalError
from maskdet_core.types import Detections, Face, FaceBox, Verdict

JOURNAL: Final = "faces.jsonl"
"""Name of the journal in a results folder."""
FORMAT: Final = 1
"""Version of the journal's layout; others are refused."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the journal holds about a photo.

    Attributes:
        report: its result.
        number: unique in this folder, 1 or more; it names the annotated copy.
        stamp: the photo's file when it was checked.
    """

    report: PhotoReport
    number: int
    stamp: FileStamp


class Journal:
    """An open journal: look photos up by path, append them. Keeps no report in memory."""

    def __init__(self, path: Path, settings: Mapping[str, Any], *, fresh: bool = False) -> None:
        """Open a journal to resume from, or create one.

        An incomplete last line is dropped.

        Args:
            path: the file; its folder must exist.
            settings: what the results depend on, in JSON types.
            fresh: discard what it holds.

        Raises:
            JournalError: made with other settings, not a journal, damaged, or used by another run.
            OSError: the file cannot be read or written.
        """
        self.path = path
        self.last_number = 0
        self._offsets: dict[str, int] = {}
        self._two_classes = bool(settings.get("two_classes"))
        path.touch()
        self._file: BinaryIO = path.open("r+b")
        try:
            lock(self._file, path)
            if fresh:
                self._file.truncate(0)
            self._load(json.loads(json.dumps(settings)))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        """Number of photos."""
        return len(self._offsets)

    def find(self, photo: str) -> Entry | None:
        """Look up a photo's last entry; None if it has none.

        Raises:
            JournalError: its line is damaged.
        """
        offset = self._offsets.get(photo)
        if offset is None:
            return None
        self._file.seek(offset)
        return parsed_entry(self.path, self._file.readline(), two_classes=self._two_classes)

    def append(self, entry: Entry) -> None:
        """Write a photo's entry; on return the operating system has it.

        Raises:
            OSError: it cannot be written, for example on a full disk.
        """
        self._offsets[entry.report.photo] = self._file.seek(0, 2)
        self.last_number = max(self.last_number, entry.number)
        self._write(entry_line(entry))

    def _write(self, line: bytes) -> None:
        self._file.write(line)
        self._file.flush()

    def _load(self, settings: dict[str, Any]) -> None:
        head = self._file.readline()
        if not head.endswith(b"\n"):
            if self._file.seek(0, 2) and not head.startswith(b'{"maskdet_journal"'[: len(head)]):
                raise JournalError(f"{self.path}: expected a journal, got something else. {REMEDY}")
            self._file.truncate(0)
            self._file.seek(0)
            self._write(head_line(settings))
            return
        check_head(self.path, head, settings)
        offset = len(head)
        for line in self._file:
            if not line.endswith(b"\n"):
                self._file.truncate(offset)
                break
            entry = parsed_entry(self.path, line, two_classes=self._two_classes)
            self._offsets[entry.report.photo] = offset
            self.last_number = max(self.last_number, entry.number)
            offset += len(line)


def head_line(settings: Mapping[str, Any]) -> bytes:
    """The first line of a journal; ``settings`` are what the results depend on, in JSON types."""
    return _json_line({"maskdet_journal": FORMAT, "settings": settings})


def check_head(place: object, line: bytes, settings: Mapping[str, Any]) -> None:
    """Check that a journal has our format and was made with these settings.

    Args:
        place: where it lies, for messages.
        line: its first line.
        settings: in JSON types, as parsed again.

    Raises:
        JournalError: it has another format or other settings, or is no journal.
    """
    try:
        head = _typed(_parsed_json(line), dict)
        made_by, made_with = head["maskdet_journal"], _typed(head["settings"], dict)
    except (ValueError, KeyError) as error:
        raise JournalError(f"{place}: expected a journal, got something else. {REMEDY}") from error
    if made_by != FORMAT:
        raise JournalError(
            f"{place}: expected format {FORMAT}, got {reprlib.repr(made_by)}. {REMEDY}"
        )
    differing = [
        f"{name} was {_shown(made_with, name)} and is now {_shown(settings, name)}"
        for name in sorted(made_with.keys() | settings.keys())
        if made_with.get(name) != settings.get(name)
    ]
    if differing:
        raise JournalError(
            f"{place} was made with other settings: {'; '.join(differing)}. {REMEDY}"
        )


def entry_line(entry: Entry) -> bytes:
    """A photo's line in a journal."""
    return _json_line(_row(entry))


def parsed_entry(place: object, line: bytes, *, two_classes: bool) -> Entry:
    """Parse a photo's line.

    Args:
        place: where the journal lies, for messages.
        line: with or without its end.
        two_classes: how it was decided, which the line does not say.

    Raises:
        JournalError: it is damaged.
    """
    try:
        return _entry(_typed(_parsed_json(line), dict), two_classes=two_classes)
    except (ValueError, KeyError) as error:
        raise JournalError(
            f"{place}: expected a photo a line, got a damaged one ({error}). {REMEDY}"
        ) from error


def _json_line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, allow_nan=False).encode("ascii") + b"\n"


def _row(entry: Entry) -> dict[str, Any]:
    found = entry.report.detections
    return {
        **to_json(entry.report),
        "path": entry.report.photo,
        "unjudged_xywh": [list(box.xywh) for box in (() if found is None else found.unjudged)],
        "number": entry.number,
        "size_bytes": entry.stamp.size_bytes,
        "changed_ns": entry.stamp.changed_ns,
        # absent for paths, so that their journals stay as they were
        **({} if entry.stamp.version is None else {"version": entry.stamp.version}),
    }


def _entry(row: dict[str, Any], *, two_classes: bool) -> Entry:
    """Build an entry from a journal line.

    Raises:
        KeyError: a key is missing.
        ValueError: a value of a wrong type or out of its range.
    """
    found = None
    error = _optional(row["error"], str)
    if error is None:
        found = Detections(
            _size(row["width"], 1),
            _size(row["height"], 1),
            tuple(_face(face) for face in _typed(row["faces"], list)),
            tuple(_box(box) for box in _typed(row["unjudged_xywh"], list)),
            two_classes,
        )
    annotated = _optional(row["annotated"], str)
    if annotated is not None and Path(annotated).name != annotated:
        raise ValueError("expected a bare file name of the annotated copy")
    size_bytes, changed_ns = row["size_bytes"], row["changed_ns"]
    return Entry(
        PhotoReport(_typed(row["path"], str), found, error, annotated),
        _size(row["number"], 1),
        FileStamp(
            _optional(size_bytes, int),
            _optional(changed_ns, int),
            _optional(row.get("version"), str),
        ),
    )


def _face(value: Any) -> Face:
    face = _typed(value, dict)
    box, verdict = _box(face["box_xywh"]), Verdict(_typed(face["verdict"], str))
    p_with_mask = _probability(face["p_with_mask"])
    if "p_worn_wrong" not in face:
        # a line from before there were three classes
        return Face.of_two_classes(box, p_with_mask, verdict)
    p_worn_wrong, p_without_mask = map(_probability, (face["p_worn_wrong"], face["p_without_mask"]))
    return Face(box, p_with_mask, p_worn_wrong, p_without_mask, verdict)


def _probability(value: Any) -> float:
    if value is None:
        return math.nan
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise ValueError("expected a probability of 0 to 1")
    return float(value)


def _box(value: Any) -> FaceBox:
    x, y, w, h = (_typed(side, int) for side in _typed(value, list))
    return FaceBox(x, y, w, h)


def _size(value: Any, least: int) -> int:
    size = _typed(value, int)
    if size < least:
        raise ValueError(f"expected {least} or more")
    return size


def _typed(value: Any, kind: type[_T]) -> _T:
    # JSON's true is no number, though bool is an int in Python
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def _optional(value: Any, kind: type[_T]) -> _T | None:
    return None if value is None else _typed(value, kind)


def _parsed_json(line: bytes) -> Any:
    """Parse a line of JSON.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _shown(settings: Mapping[str, Any], name: str) -> str:
    return reprlib.repr(settings.get(name))
