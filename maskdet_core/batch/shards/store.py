"""Shards of a long list of photos, and the journals in which a results folder keeps one for each.

A shard is named by what it holds: the names of its photos, their sizes and versions. So a second
run knows by a listing alone what is done, and what changed has another name. Where one shard ends
and the next begins depends on the names of the photos there, so a photo that is added or removed
changes one shard or two and not all that follow. A shard's journal is written whole, once all of
its photos are checked: two workers with the same shard write the same.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from maskdet_core.batch.photos.check import PhotoTask
from maskdet_core.batch.photos.journal import Entry, check_head, entry_line, head_line, parsed_entry
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.batch.resume import REMEDY
from maskdet_core.batch.storage.addresses import (
    Location,
    exists,
    names_in,
    read_whole,
    remove,
    stamp_of,
    write_whole,
)
from maskdet_core.batch.storage.fetching import map_ahead
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.errors import JournalError

SHARDS: Final = "shards"
"""Name of the folder with the shards' journals in a results folder."""
MIN_PHOTOS: Final = 16
MAX_PHOTOS: Final = 192
"""Photos of a shard: a second or two of work, so that little is lost with it, and so that the last
one keeps no other worker waiting for long; a million photos make some 13,000 files."""

_ENDS_ONE_IN: Final = 64
"""Between least and most photos, a shard ends with one photo of so many."""
_SETTINGS: Final = "settings.json"
_DONE: Final = ".jsonl"
_RETRY: Final = ".retry.jsonl"
"""End of the name of a shard's journal, without and with photos to try again."""
_READS_AHEAD: Final = 8
"""Journals read at a time for the reports; they are all that is held of them."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Photos that follow each other in the list.

    Attributes:
        name: 64 hex digits, made of what it holds.
        first_number: number of its first photo in the list, from 1.
        photos: at most `MAX_PHOTOS`.
        stamps: of each photo.
        is_begun: an earlier run left photos to try again.
    """

    name: str
    first_number: int
    photos: tuple[Location, ...]
    stamps: tuple[FileStamp, ...]
    is_begun: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is left to do of a shard.

    Attributes:
        shard: the whole.
        kept: entries of an earlier run, by position in the shard.
        tasks: the other photos.
    """

    shard: Shard
    kept: Mapping[int, Entry]
    tasks: Sequence[PhotoTask]


def cut_into_shards(photos: Sequence[Location], *, numbered: bool) -> Iterator[Shard]:
    """Cut a list of photos into shards; the same list is always cut in the same way.

    Args:
        photos: in the report's order.
        numbered: results depend on the photos' numbers, since annotated copies are named by them.

    Raises:
        AddressError: a package is missing.
    """
    first = 0
    for n, photo in enumerate(photos, 1):
        size = n - first
        if n == len(photos) or size == MAX_PHOTOS or (size >= MIN_PHOTOS and _is_end(photo)):
            yield _shard(first + 1, tuple(photos[first:n]), numbered=numbered)
            first = n


class ShardStore:
    """The shards' journals of a results folder. Picklable: other processes write there, too."""

    def __init__(self, out: Location, settings: Mapping[str, Any]) -> None:
        """Take a results folder, and what the results depend on, in JSON types."""
        self._folder = out / SHARDS
        self._settings = json.loads(json.dumps(settings))
        self._head = head_line(self._settings)

    @property
    def folder(self) -> Location:
        """Where its journals lie."""
        return self._folder

    def open(self, *, fresh: bool) -> tuple[frozenset[str], frozenset[str]]:
        """Begin a run.

        Args:
            fresh: discard what earlier runs did.

        Returns:
            The names of the shards that are done, and of those with photos to try again.

        Raises:
            JournalError: earlier runs had other settings.
            OSError: the folder cannot be read or written.
            AddressError: the same, for an address.
        """
        if isinstance(self._folder, Path):
            self._folder.mkdir(parents=True, exist_ok=True)
        names = names_in(self._folder)
        if fresh:
            remove(self._folder / name for name in names if _shard_name(name))
            if any(map(_shard_name, names_in(self._folder))):
                raise JournalError(f"{self._folder}: expected to empty it, some files stay")
        elif _SETTINGS in names:
            head = read_whole(self._folder / _SETTINGS)
            check_head(self._folder, head, self._settings)
            ours = {file: name for file in names if (name := _shard_name(file))}
            begun = frozenset(name for file, name in ours.items() if file.endswith(_RETRY))
            done = frozenset(name for file, name in ours.items() if not file.endswith(_RETRY))
            return done, begun - done
        write_whole(self._folder / _SETTINGS, self._head)
        return frozenset(), frozenset()

    def check_settings(self, settings: Mapping[str, Any]) -> None:
        """Check that another process has the same settings, the network's among them.

        Raises:
            JournalError: they differ.
        """
        check_head("this machine's installation", head_line(settings), self._settings)

    def is_done(self, shard: Shard) -> bool:
        """Whether a shard is done, perhaps by a worker that died before it could tell.

        Raises:
            OSError: that cannot be told.
            AddressError: that cannot be told.
        """
        return exists(self._folder / (shard.name + _DONE))

    def plan(self, shard: Shard) -> Plan:
        """What is left to do of a shard.

        Raises:
            JournalError: its journal is damaged.
            OSError: it cannot be read.
            AddressError: it cannot be read.
        """
        entries: list[Entry] = []
        if shard.is_begun:
            entries = self._parsed(read_whole(self._folder / (shard.name + _RETRY)), shard.name)
        kept = {
            i: entry
            for i, (entry, photo) in enumerate(zip(entries, shard.photos, strict=False))
            if entry.stamp != FileStamp() and entry.report.photo == str(photo)
        }
        tasks = [
            PhotoTask(photo, shard.first_number + i)
            for i, photo in enumerate(shard.photos)
            if i not in kept
        ]
        return Plan(shard, kept, tasks)

    def write(self, plan: Plan, reports: Sequence[PhotoReport]) -> None:
        """Write a shard's journal.

        Args:
            plan: of `plan`.
            reports: one for each of its tasks, in their order.

        Raises:
            OSError: it cannot be written.
            AddressError: it cannot be written.
        """
        shard, new = plan.shard, iter(reports)
        if len(reports) != len(plan.tasks):
            raise ValueError(f"expected {len(plan.tasks)} reports, got {len(reports)}")
        entries = [
            plan.kept[i] if i in plan.kept else _entry(next(new), shard.first_number + i, stamp)
            for i, stamp in enumerate(shard.stamps)
        ]
        is_done = all(entry.stamp != FileStamp() for entry in entries)
        data = self._head + b"".join(map(entry_line, entries))
        write_whole(self._folder / (shard.name + (_DONE if is_done else _RETRY)), data)
        if is_done and shard.is_begun:
            remove([self._folder / (shard.name + _RETRY)])

    def reports(self, names: Iterable[str], photos: Iterable[Location]) -> Iterator[PhotoReport]:
        """Yield the reports of all photos; see `entries`."""
        return (entry.report for entry in self.entries(names, photos))

    def entries(self, names: Iterable[str], photos: Iterable[Location]) -> Iterator[Entry]:
        """Yield the entries of all photos, with few of them in memory at a time.

        Args:
            names: of all shards, in order.
            photos: which they hold, in order.

        Raises:
            JournalError: a shard's journal is damaged, or holds other photos.
            OSError: one cannot be read.
            AddressError: one cannot be read.
        """
        expected = iter(photos)
        with closing(map_ahead(self._read, names, _READS_AHEAD)) as read:
            for name, data in read:
                for entry in self._parsed(data, name):
                    if str(next(expected, None)) != entry.report.photo:
                        raise self._damaged(name, "its photos in order, got others")
                    yield entry
        if (missing := next(expected, None)) is not None:
            raise self._damaged(SHARDS, f"a line for {missing}, got none")

    def _read(self, name: str) -> tuple[str, bytes]:
        try:
            return name, read_whole(self._folder / (name + _DONE))
        except FileNotFoundError:
            return name, read_whole(self._folder / (name + _RETRY))

    def _parsed(self, data: bytes, name: str) -> list[Entry]:
        head, *lines = data.splitlines(keepends=True)
        if head != self._head:
            raise self._damaged(name, "the settings of this run, got others")
        two_classes = bool(self._settings.get("two_classes"))
        return [parsed_entry(self._folder / name, line, two_classes=two_classes) for line in lines]

    def _damaged(self, name: str, expected_got: str) -> JournalError:
        return JournalError(f"{self._folder / name}: expected {expected_got}. {REMEDY}")


def _shard(first_number: int, photos: tuple[Location, ...], *, numbered: bool) -> Shard:
    stamps = tuple(map(stamp_of, photos))
    content = hashlib.sha256(f"{first_number if numbered else 0}\n".encode())
    for photo, stamp in zip(photos, stamps, strict=True):
        row = [str(photo), stamp.size_bytes, stamp.changed_ns, stamp.version]
        content.update(json.dumps(row).encode("ascii") + b"\n")
    return Shard(content.hexdigest(), first_number, photos, stamps)


def _is_end(photo: Location) -> bool:
    name = str(photo).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(name).digest()[:4]) % _ENDS_ONE_IN == 0


def _entry(report: PhotoReport, number: int, stamp: FileStamp) -> Entry:
    # without a stamp the next run tries the photo again
    return Entry(report, number, stamp if report.is_final else FileStamp())


def _shard_name(file: str) -> str | None:
    """The shard that a file is the journal of; None for other files."""
    name = file.partition(".")[0]
    is_ours = len(name) == hashlib.sha256().digest_size * 2 and file[len(name) :] in (_DONE, _RETRY)
    return name if is_ours else None
