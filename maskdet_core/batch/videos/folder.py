"""The results folder of videos: what is made of each, and what a run resumes from."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from maskdet_core.batch.resume import REMEDY, lock
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.batch.videos.report import moment_name, tracks_csv_bytes
from maskdet_core.errors import JournalError
from maskdet_core.files import PARTIAL, write_atomic
from maskdet_core.untrusted_text import safe_stem

if TYPE_CHECKING:
    from maskdet_core.video.check import VideoResult

VIDEOS: Final = "videos"
"""Folder in a results folder, with a folder for each video."""
RESULT: Final = "result.json"
"""A video's result; written last, so that a video that has one is done."""
TRACKS: Final = "tracks.csv"
FILM: Final = "annotated.mp4"
MOMENTS: Final = "moments"
LOCK: Final = ".lock"
_FOLDER: Final = re.compile(r".+-[0-9a-f]{8}")
"""What `folder_name` gives."""

Row = dict[str, Any]


def folder_name(video: Path) -> str:
    """Name of the folder for a video's results: the same for the same path, other for others."""
    digest = hashlib.sha256(str(video).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{safe_stem(str(video)) or 'video'}-{digest}"


def remove_results(folder: Path) -> None:
    """Remove what was made of a video before, and nothing else."""
    # the result first: without it the rest does not count
    for name in (RESULT, TRACKS, FILM):
        (folder / name).unlink(missing_ok=True)
        (folder / (name + PARTIAL)).unlink(missing_ok=True)
    for picture in (folder / MOMENTS).glob("*-person-*.jpg*"):
        picture.unlink()
    with suppress(OSError):
        (folder / MOMENTS).rmdir()


def take_folder(folder: Path, stack: ExitStack, *, fresh: bool) -> None:
    """Create the folder of videos, and lock it until ``stack`` ends.

    Args:
        folder: `VIDEOS` in the results folder.
        stack: takes the lock.
        fresh: remove what earlier runs made.

    Raises:
        JournalError: another run uses it.
        OSError: it cannot be created or locked.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = stack.enter_context((folder / LOCK).open("ab"))
    lock(file, folder)
    if fresh:
        # those of interrupted videos as well, which have no result
        for made in folder.iterdir():
            if _FOLDER.fullmatch(made.name) and made.is_dir():
                remove_results(made)
                with suppress(OSError):
                    made.rmdir()


def kept_result(
    out: Path, video: Path, stamp: FileStamp, settings: Mapping[str, Any]
) -> Row | None:
    """The object of a video that is done and unchanged; None where it is to be checked.

    Args:
        out: results folder.
        video: path as the user gave it.
        stamp: of its file now.
        settings: what results depend on.

    Raises:
        JournalError: it was made with other settings.
    """
    folder = out / VIDEOS / folder_name(video)
    try:
        kept = json.loads((folder / RESULT).read_bytes())
        row, made_with = dict(kept["result"]), dict(kept["settings"])
        made_of = FileStamp(kept["size_bytes"], kept["changed_ns"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if made_with != json.loads(json.dumps(settings)):
        differing = sorted(
            name
            for name in made_with.keys() | settings.keys()
            if made_with.get(name) != settings.get(name)
        )
        raise JournalError(
            f"{folder / RESULT} was made with other settings ({', '.join(differing)}). {REMEDY}"
        )
    if made_of != stamp or stamp == FileStamp():
        return None
    try:
        return row if _has_files(folder, row) else None
    except (AttributeError, KeyError, TypeError):
        return None


def _has_files(folder: Path, row: Mapping[str, Any]) -> bool:
    """Whether what was made of a video is there."""
    if row.get("error") is not None:
        return True
    names = [TRACKS, *(f"{MOMENTS}/{one['picture']}" for one in row.get("moments", ()))]
    if row.get("annotated") is not None:
        names.append(FILM)
    return all((folder / name).is_file() for name in names)


def keep_result(folder: Path, row: Row, stamp: FileStamp, settings: Mapping[str, Any]) -> None:
    """Write a video's result into its folder: with it, the video is done.

    Args:
        folder: of the video.
        row: its JSON object.
        stamp: of its file when the check began.
        settings: what the result depends on.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = {
        "result": row,
        "settings": settings,
        "size_bytes": stamp.size_bytes,
        "changed_ns": stamp.changed_ns,
    }
    write_atomic(folder / RESULT, json.dumps(kept, allow_nan=False, indent=1) + "\n")


def kept_pictures(out: Path, row: Mapping[str, Any]) -> list[bytes | None]:
    """The pictures of a video's moments in the results folder; None for one that is gone."""
    folder = out / VIDEOS / str(row["folder"]) / MOMENTS

    def read(name: str) -> bytes | None:
        try:
            return (folder / name).read_bytes()
        except OSError:
            return None

    return [read(one["picture"]) for one in row["moments"]]


def write_files(folder: Path, result: "VideoResult", pictures: Sequence[bytes], row: Row) -> None:
    """Write tracks and the pictures of its moments into a video's folder.

    Raises:
        OSError: they cannot be written.
    """
    write_atomic(folder / TRACKS, tracks_csv_bytes([row]))
    if result.moments:
        (folder / MOMENTS).mkdir(exist_ok=True)
    for number, (one, jpeg) in enumerate(zip(result.moments, pictures, strict=True), 1):
        write_atomic(folder / MOMENTS / moment_name(number, one.person), jpeg)
