"""The HTML report of a run: results from its journal, pictures again from the files."""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO, Final, NamedTuple

from tqdm import tqdm

from maskdet_core.batch.photos.document import html_text, report_picture
from maskdet_core.batch.photos.journal import Entry, Journal
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.batch.processes.workers import map_in_order
from maskdet_core.batch.storage.addresses import Address, Location, newest_stamp
from maskdet_core.batch.storage.fetching import Fetched, fetch, map_ahead, n_ahead, read_location
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.cpu import N_THREADS, limit_opencv_threads
from maskdet_core.draw.annotate import Labels
from maskdet_core.errors import ImageError
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import ENGLISH, Texts
from maskdet_core.html_report.videos import VideoPart
from maskdet_core.process_limits import Loss
from maskdet_core.types import Detections

MIN_PICTURES_PER_JOB: Final = 64
"""Pictures from which on another process pays for its start-up; one takes a tenth of a check."""


@dataclass(frozen=True, slots=True)
class HtmlReport:
    """The HTML report that is asked for.

    Attributes:
        path: of the file; its address, or `-` for standard output.
        language: one of `maskdet_core.html_report.texts.languages`.
        pictures: whether it shows the photos.
        blurred: whether all faces that were found are blurred in them.
        videos: called once the rest is done, for the videos in it; None where there are none.
    """

    path: Location
    language: str = ENGLISH
    pictures: bool = True
    blurred: bool = False
    videos: Callable[[], VideoPart] | None = None


class PictureTask(NamedTuple):
    """A photo whose picture is made, the file that was checked, and what was found in it."""

    path: Location | Fetched
    stamp: FileStamp
    found: Detections


class JournalReports:
    """The reports of a journal, read one by one.

    Attributes:
        folder: that all photos are in; None where they share none. Their reports name them from
            there: who gets the report need not know this machine's folders, nor a bucket's name.
    """

    def __init__(self, paths: Sequence[Location], journal: Journal) -> None:
        """Take the photos that the journal has.

        Args:
            paths: of the photos, in the report's order.
            journal: of the check.
        """
        self._photos = [path for path in paths if journal.find(str(path)) is not None]
        self._journal = journal
        self.folder = common_folder(self._photos)

    def __len__(self) -> int:
        """Number of photos."""
        return len(self._photos)

    def __getitem__(self, index: int, /) -> PhotoReport:
        """The report on a photo."""
        report = self.entry(index).report
        if self.folder is None:
            return report
        shown = _path_in(self._photos[index]).relative_to(self.folder)
        return replace(report, photo=str(shown))

    def place(self, index: int) -> Location:
        """Where a photo lies."""
        return self._photos[index]

    def entry(self, index: int) -> Entry:
        """The journal's entry of a photo."""
        entry = self._journal.find(str(self._photos[index]))
        if entry is None:
            raise IndexError(f"expected a photo of the journal, got number {index}")
        return entry


def common_folder(photos: Sequence[Location]) -> PurePath | None:
    """The innermost folder of all photos; None without photos, or where they share none.

    Of addresses it is the path after the scheme, which begins with the bucket or host.
    """
    # what is before and after the path of an address must be one for all
    if len({_frame(photo) for photo in photos}) != 1:
        return None
    try:
        return Path(os.path.commonpath([_path_in(photo).parent for photo in photos]))
    except ValueError:
        # also where some paths are absolute and some are not, or on several drives
        return None


def _frame(photo: Location) -> tuple[str, str] | None:
    if isinstance(photo, Path):
        return None
    return photo.scheme, photo.url[len(photo.inner) :]


def _path_in(photo: Location) -> Path:
    return photo if isinstance(photo, Path) else Path(photo.inner.partition("://")[2])


def write_html(
    file: BinaryIO,
    wanted: HtmlReport,
    paths: Sequence[Location],
    journal: Journal,
    facts: CheckFacts,
    n_jobs: int,
    videos: VideoPart | None = None,
) -> None:
    """Write the HTML report of a check that is done, piece by piece.

    Pictures are made in worker processes from the photos' files, at most
    `maskdet_core.batch.photos.document.MAX_PICTURES`. A photo whose file has changed since, or
    cannot be read now, has none.

    Args:
        file: written to.
        wanted: how the report is to be.
        paths: of the photos, in the report's order.
        journal: of the check.
        facts: how the photos were checked.
        n_jobs: most processes, 1 or more.
        videos: those that were checked as well.

    Raises:
        JournalError: the journal is damaged.
        WorkerError: worker processes cannot be set up.
        OSError: the file cannot be written.
    """
    reports = JournalReports(paths, journal)
    texts = Texts(wanted.language)
    set_up = partial(set_up_pictures, texts.labels(), blurred=wanted.blurred)
    with ExitStack() as stack:

        def pictures(indices: Sequence[int]) -> Iterator[bytes | None]:
            made = stack.enter_context(closing(_pictures(reports, indices, set_up, n_jobs)))
            bar = tqdm(
                made, "report", len(indices), unit="picture", disable=not sys.stderr.isatty()
            )
            stack.callback(bar.close)
            return iter(bar)

        pieces = html_text(
            reports,
            facts,
            texts,
            datetime.now(UTC),
            pictures if wanted.pictures else None,
            blurred=wanted.blurred,
            folder="" if reports.folder is None else reports.folder.name,
            videos=videos,
        )
        file.writelines(piece.encode("utf-8") for piece in pieces)
    file.flush()


def set_up_pictures(labels: Labels, *, blurred: bool) -> "PictureMaker":
    """Set OpenCV's threads for this worker process, and return what makes a picture."""
    limit_opencv_threads(N_THREADS)
    return PictureMaker(labels, blurred=blurred)


class PictureMaker:
    """Makes the report's picture of a photo from its file."""

    def __init__(self, labels: Labels, *, blurred: bool) -> None:
        """Take the texts on the frames, and whether to blur faces."""
        self._labels, self._blurred = labels, blurred

    def __call__(self, task: PictureTask) -> bytes | None:
        """Make a JPEG; None where the file has changed since, or cannot be read now."""
        if isinstance(task.path, Path) and FileStamp.of(task.path) != task.stamp:
            return None
        try:
            decoded = read_location(task.path)
        except ImageError:
            return None
        return report_picture(decoded.image_rgb, task.found, self._labels, blurred=self._blurred)


def _pictures(
    reports: JournalReports,
    indices: Sequence[int],
    set_up: "partial[PictureMaker]",
    n_jobs: int,
) -> Generator[bytes | None, None, None]:
    n_jobs = max(1, min(n_jobs, len(indices) // MIN_PICTURES_PER_JOB))
    tasks: Iterator[PictureTask] = _tasks(reports, indices)
    with ExitStack() as stack:
        if any(isinstance(reports.place(index), Address) for index in indices):
            # worker processes never speak to a service
            tasks = stack.enter_context(closing(map_ahead(_fetched, tasks, n_ahead(n_jobs))))
        yield from map_in_order(tasks, set_up, n_jobs, _no_picture)


def _tasks(reports: JournalReports, indices: Sequence[int]) -> Iterator[PictureTask]:
    for index in indices:
        entry = reports.entry(index)
        found = entry.report.detections
        if found is None:
            raise ValueError(f"expected a photo that could be used, got {entry.report.photo!r}")
        yield PictureTask(reports.place(index), entry.stamp, found)


def _fetched(task: PictureTask) -> PictureTask:
    """The task with the content of a photo that has an address; without it where that changed."""
    if not isinstance(task.path, Address):
        return task
    if not newest_stamp(task.path).may_be(task.stamp):
        return task._replace(path=Fetched(task.path, ImageError("it has changed")))
    return task._replace(path=fetch(task.path))


def _no_picture(task: PictureTask, loss: Loss) -> None:
    return None
