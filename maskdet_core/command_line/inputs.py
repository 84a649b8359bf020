"""The picture files that a command line names, directly, by a pattern or by their folder."""

import glob
import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from maskdet_core.batch.photos.folder import COPIES
from maskdet_core.batch.storage.addresses import Address, Location, list_files, matching
from maskdet_core.batch.videos.folder import VIDEOS
from maskdet_core.pictures.picture_format import PICTURE_SUFFIXES
from maskdet_core.video.formats import VIDEO_SUFFIXES

SKIPPED_FOLDERS: Final = frozenset(
    {"__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "thumbs"}
)
"""Folders, in lower case, in which systems keep thumbnails and deleted files."""

HIDDEN: Final = "hidden"
OTHER_TYPES: Final = "of other types"
IN_SYSTEM_FOLDERS: Final = "in system folders"
DANGLING: Final = "dangling links"
RESULTS: Final = "in the results folder"

_Identity = tuple[int, int] | str


@dataclass(slots=True)
class FoundPictures:
    """Pictures to check, and what a folder search left out.

    Attributes:
        paths: as given, or sorted within each folder.
        videos: the same of videos, by their names' suffixes; only where they were asked for.
        left_out: numbers of files by reason.
        empty: folders in which no picture was found.
        unreadable: folders that cannot be listed.
    """

    paths: list[Location] = field(default_factory=list)
    videos: list[Path] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    empty: list[Location] = field(default_factory=list)
    unreadable: list[Location] = field(default_factory=list)

    @property
    def left_out_text(self) -> str:
        """Such as ``3 files left out: 2 hidden, 1 of other types``; empty if there are none."""
        total = self.left_out.total()
        if not total:
            return ""
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(self.left_out.items()))
        return f"{total} file{'s' if total > 1 else ''} left out: {reasons}"


def list_pictures(paths: Sequence[Path], out: Path | None = None) -> list[Path]:
    """As `find_pictures`, without what was left out, for paths alone."""
    return [path for path in find_pictures(paths, out).paths if isinstance(path, Path)]


def find_pictures(
    paths: Sequence[Location], out: Location | None = None, *, with_videos: bool = False
) -> FoundPictures:
    """List files as given, and of folders all pictures at any depth, sorted by path.

    In folders, hidden files, hidden and system folders, and files of other types are left out.
    Links to folders are followed after the folders themselves, and each folder is searched once.
    A path that does not exist is taken for a pattern such as ``*.jpg``, since Windows' shells
    expand none; if nothing matches, it is listed as given.

    Args:
        paths: files, folders and patterns, with a path or an address.
        out: results folder, whose annotated copies and videos are left out.
        with_videos: list videos that have paths as well, apart.

    Raises:
        AddressError: an address cannot be listed.
    """
    found = FoundPictures()
    for path in _expanded(paths):
        if isinstance(path, Address):
            _search_address(path, found, out)
            continue
        if not path.is_dir():
            is_video = with_videos and path.suffix.lower() in VIDEO_SUFFIXES
            (found.videos if is_video else found.paths).append(path)
            continue
        results = _results(path, out if isinstance(out, Path) else None)
        search = _Search(found, results, with_videos=with_videos)
        search.walk_all(path)
        found.paths += sorted(search.pictures)
        found.videos += sorted(search.videos)
        if not search.pictures and not search.videos:
            found.empty.append(path)
    return found


class _Search:
    """The search of one folder."""

    def __init__(self, found: FoundPictures, results: set[_Identity], *, with_videos: bool) -> None:
        self._found = found
        self._results = results
        self._visited: set[_Identity] = set()
        self._links: list[Path] = []
        self._video_suffixes = VIDEO_SUFFIXES if with_videos else frozenset()
        self.pictures: list[Path] = []
        self.videos: list[Path] = []

    def walk_all(self, folder: Path) -> None:
        self._walk(folder)
        # a folder keeps its own path, even if a link to it comes earlier in the alphabet
        while self._links:
            links, self._links = sorted(self._links), []
            for link in links:
                self._walk(link)

    def _walk(self, top: Path) -> None:
        pending = [top]
        while pending:
            folder = pending.pop()
            identity = _identity(folder)
            if identity in self._visited:
                continue
            self._visited.add(identity)
            if identity in self._results and folder != top:
                self._found.left_out[RESULTS] += _n_files(folder)
                continue
            pending += self._folders_in(folder)

    def _folders_in(self, folder: Path) -> list[Path]:
        """Take the pictures of one folder, and list the folders in it."""
        try:
            with os.scandir(folder) as entries:
                listed = list(entries)
        except OSError:
            self._found.unreadable.append(folder)
            return []
        return [folder / entry.name for entry in listed if self._is_real_folder(folder, entry)]

    def _is_real_folder(self, folder: Path, entry: os.DirEntry[str]) -> bool:
        path = folder / entry.name
        left_out = self._found.left_out
        try:
            is_folder, is_file = entry.is_dir(), entry.is_file()
        except OSError:
            is_folder = is_file = False
        if is_folder:
            reason = _reason_to_skip(entry)
            if reason is not None:
                left_out[reason] += 0 if entry.is_symlink() else _n_files(path)
            elif entry.is_symlink():
                self._links.append(path)
            else:
                return True
        elif _is_hidden(entry):
            left_out[HIDDEN] += 1
        elif entry.is_symlink() and not path.exists():
            left_out[DANGLING] += 1
        elif is_file and path.suffix.lower() in PICTURE_SUFFIXES:
            self.pictures.append(path)
        elif is_file and path.suffix.lower() in self._video_suffixes:
            self.videos.append(path)
        else:
            left_out[OTHER_TYPES] += 1
        return False


def _search_address(address: Address, found: FoundPictures, out: Location | None) -> None:
    """Take the pictures below an address, by the rules for a folder."""
    # what a pattern matched is known to be a file
    files = list_files(address) if address.stamp is None else None
    if files is None:
        found.paths.append(address)
        return
    # as in `_results`: with the results among the photos, only what was made is left out
    is_among = str(out).rstrip("/") == address.url.rstrip("/")
    results = f"{str(out).rstrip('/')}/{COPIES if is_among else ''}".rstrip("/") + "/"
    n_before = len(found.paths)
    below = len(address.inner.rstrip("/"))
    for file in files:
        *folders, name = file.inner[below:].strip("/").split("/")
        if out is not None and file.url.startswith(results):
            found.left_out[RESULTS] += 1
        elif any(folder.casefold() in SKIPPED_FOLDERS for folder in folders):
            found.left_out[IN_SYSTEM_FOLDERS] += 1
        elif any(part.startswith(".") for part in (*folders, name)):
            found.left_out[HIDDEN] += 1
        elif PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES:
            found.paths.append(file)
        else:
            found.left_out[OTHER_TYPES] += 1
    if len(found.paths) == n_before:
        found.empty.append(address)


def _expanded(paths: Sequence[Location]) -> list[Location]:
    expanded: list[Location] = []
    for path in paths:
        if isinstance(path, Address):
            expanded += matching(path)
            continue
        pattern = str(path)
        matches: list[str] = []
        if glob.has_magic(pattern) and not os.path.lexists(path):
            # Path.glob takes no absolute pattern
            matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
        expanded += map(Path, matches) if matches else [path]
    return expanded


def _reason_to_skip(entry: os.DirEntry[str]) -> str | None:
    if entry.name.casefold() in SKIPPED_FOLDERS:
        return IN_SYSTEM_FOLDERS
    return HIDDEN if _is_hidden(entry) else None


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    try:
        attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    except OSError:
        return False
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)


def _n_files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


def _identity(path: Path) -> _Identity:
    """What two paths to one folder share."""
    try:
        status = path.stat()
    except OSError:
        return str(path)
    # some Windows drives number no files
    return (status.st_dev, status.st_ino) if status.st_ino else str(path.resolve())


def _results(folder: Path, out: Path | None) -> set[_Identity]:
    """The folders of results to leave out of a searched folder."""
    if out is None:
        return set()
    # with the results among the photos, only what was made is left out
    made = [out / COPIES, out / VIDEOS]
    if out.resolve() != folder.resolve():
        made.append(out)
    return {_identity(path) for path in made if path.is_dir()}
