"""The journal of a results folder: a line per photo as soon as it is done, to resume a run from.

The first line holds the format and the settings, each further one a photo. If a photo has several
lines, the last one counts. Paths are kept exactly, with invalid Unicode as JSON escapes.
"""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from maskdet_core.batch.report import PhotoReport, to_json
from maskdet_core.errors import JournalError
from maskdet_core.types import Detections, Face, FaceBox, Verdict

FORMAT: Final = 1
"""Version of the journal's layout; others are refused."""

_REMEDY: Final = "Name another folder, or start over with --fresh."


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Size and time by which a changed file is recognised; both None if there is no such file.

    Attributes:
        size_bytes: its length.
        changed_ns: time of its last modification, in ns since 1970.
    """

    size_bytes: int | None = None
    changed_ns: int | None = None

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the stamp of a file."""
        try:
            status = path.stat()
        except OSError:
            return cls()
        return cls(status.st_size, status.st_mtime_ns)


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
        path.touch()
        self._file: BinaryIO = path.open("r+b")
        try:
            _lock(self._file, path)
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
        return self._parsed(self._file.readline())

    def append(self, entry: Entry) -> None:
        """Write a photo's entry; on return the operating system has it.

        Raises:
            OSError: it cannot be written, for example on a full disk.
        """
        self._offsets[entry.report.photo] = self._file.seek(0, 2)
        self.last_number = max(self.last_number, entry.number)
        self._write(_row(entry))

    def _write(self, row: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(row, allow_nan=False).encode("ascii") + b"\n")
        self._file.flush()

    def _load(self, settings: dict[str, Any]) -> None:
        head = self._file.readline()
        if not head.endswith(b"\n"):
            if self._file.seek(0, 2) and not head.startswith(b'{"maskdet_journal"'[: len(head)]):
                raise JournalError(
                    f"{self.path}: expected a journal, got something else. {_REMEDY}"
                )
            self._file.truncate(0)
            self._file.seek(0)
            self._write({"maskdet_journal": FORMAT, "settings": settings})
            return
        self._check_head(head, settings)
        offset = len(head)
        for line in self._file:
            if not line.endswith(b"\n"):
                self._file.truncate(offset)
                break
            entry = self._parsed(line)
            self._offsets[entry.report.photo] = offset
            self.last_number = max(self.last_number, entry.number)
            offset += len(line)

    def _check_head(self, line: bytes, settings: dict[str, Any]) -> None:
        try:
            head = json.loads(line)
            made_by, made_with = head["maskdet_journal"], dict(head["settings"])
        except (ValueError, KeyError, TypeError) as error:
            raise JournalError(
                f"{self.path}: expected a journal, got something else. {_REMEDY}"
            ) from error
        if made_by != FORMAT:
            raise JournalError(f"{self.path}: expected format {FORMAT}, got {made_by!r}. {_REMEDY}")
        differing = [
            f"{name} was {made_with.get(name)!r} and is now {settings.get(name)!r}"
            for name in sorted(made_with.keys() | settings.keys())
            if made_with.get(name) != settings.get(name)
        ]
        if differing:
            raise JournalError(
                f"{self.path} was made with other settings: {'; '.join(differing)}. {_REMEDY}"
            )

    def _parsed(self, line: bytes) -> Entry:
        try:
            return _entry(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JournalError(
                f"{self.path}: expected a photo a line, got a damaged one ({error}). {_REMEDY}"
            ) from error


def _row(entry: Entry) -> dict[str, Any]:
    found = entry.report.detections
    return {
        **to_json(entry.report),
        "path": entry.report.photo,
        "unjudged_xywh": [list(box.xywh) for box in (found.unjudged if found else ())],
        "number": entry.number,
        "size_bytes": entry.stamp.size_bytes,
        "changed_ns": entry.stamp.changed_ns,
    }


def _entry(row: dict[str, Any]) -> Entry:
    found = None
    if row["error"] is None:
        found = Detections(
            row["width"],
            row["height"],
            tuple(map(_face, row["faces"])),
            tuple(FaceBox(*box) for box in row["unjudged_xywh"]),
        )
    return Entry(
        PhotoReport(row["path"], found, row["error"], row["annotated"]),
        row["number"],
        FileStamp(row["size_bytes"], row["changed_ns"]),
    )


def _face(face: dict[str, Any]) -> Face:
    probability = math.nan if face["p_with_mask"] is None else float(face["p_with_mask"])
    return Face(FaceBox(*face["box_xywh"]), probability, Verdict(face["verdict"]))


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep a second run out, which would use the same numbers. The lock ends with the process."""
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalError(f"{path} is used by another run: wait for its end") from error
    except OSError:
        # some network folders support no locks, and a single run there needs none
        return
