"""Check any number of photos into a results folder: resumable, in several processes."""

import re
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

from tqdm import tqdm

from maskdet_core.batch.csv_lines import BOM
from maskdet_core.batch.photos import leftovers
from maskdet_core.batch.photos.check import PhotoCheckConfig, PhotoTask, lost_photo
from maskdet_core.batch.photos.folder_document import HtmlReport, write_html
from maskdet_core.batch.photos.journal import JOURNAL, Entry, Journal
from maskdet_core.batch.photos.report import PhotoReport, csv_text, json_text
from maskdet_core.batch.processes.workers import map_in_order
from maskdet_core.batch.storage.addresses import Address, Location, open_whole, stamp_of
from maskdet_core.batch.storage.fetching import fetch_ahead
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.errors import JournalError
from maskdet_core.files import PARTIAL
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.types import Verdict

COPIES: Final = "annotated"
STDOUT: Final = Path("-")
"""Stands for standard output instead of a report file."""
MIN_PHOTOS_PER_JOB: Final = 8
"""Photos from which on another process pays for its start-up."""

COPY_NAME: Final = re.compile(rf"(\d{{3,}})-[A-Za-z0-9_-]+\.jpg({re.escape(PARTIAL)})?")
"""Names of annotated copies, the unfinished ones included."""

Pieces = Callable[[Iterable[PhotoReport]], Iterator[str]]


@dataclass(slots=True)
class VerdictCounts:
    """Numbers of photos, of faces by verdict, of photos without a face and of unreadable ones."""

    n_photos: int = 0
    n_with_mask: int = 0
    n_without_mask: int = 0
    n_not_sure: int = 0
    n_worn_wrong: int = 0
    n_no_face: int = 0
    n_unreadable: int = 0

    def add(self, report: PhotoReport) -> None:
        """Count a photo and its faces."""
        self.n_photos += 1
        if report.detections is None:
            self.n_unreadable += 1
            return
        self.n_with_mask += report.detections.count(Verdict.WITH_MASK)
        self.n_without_mask += report.detections.count(Verdict.WITHOUT_MASK)
        self.n_not_sure += report.detections.count(Verdict.NOT_SURE)
        self.n_worn_wrong += report.detections.count(Verdict.WORN_WRONG)
        self.n_no_face += not report.detections.faces

    @property
    def summary(self) -> str:
        """Faces by verdict, as text."""
        worn_wrong = f"{self.n_worn_wrong} worn wrong, " if self.n_worn_wrong else ""
        return (
            f"{self.n_with_mask} mask, {worn_wrong}{self.n_without_mask} no mask, "
            f"{self.n_not_sure} not sure"
        )


@dataclass(frozen=True, slots=True)
class Results:
    """Where results go.

    Attributes:
        out: results folder with the journal and annotated copies, created if needed; None for none.
        csv: file for the whole report as CSV, `STDOUT`, or None for none.
        json: file for the whole report as JSON, `STDOUT`, or None for none.
        annotate: make annotated copies; needs ``out``.
        fresh: discard what ``out`` holds.
        html: the HTML report, to a file or `STDOUT`, or None for none.
    """

    out: Location | None = None
    csv: Location | None = None
    json: Location | None = None
    annotate: bool = False
    fresh: bool = False
    html: HtmlReport | None = None

    def __post_init__(self) -> None:
        """Validate the combination.

        Raises:
            ValueError: ``annotate`` without ``out``.
        """
        if self.annotate and self.out is None:
            raise ValueError("expected a results folder for annotated copies, got none")


def check_photos(
    tasks: Sequence[PhotoTask], config: PhotoCheckConfig, n_jobs: int
) -> Generator[PhotoReport, None, None]:
    """Check photos in worker processes, in several if there are enough photos.

    A photo that takes too much processor time, or that ends its process, gives a report with an
    error. The program's main module must be guarded as
    `maskdet_core.batch.processes.workers.map_in_order` says.

    Args:
        tasks: the photos.
        config: what the processes load.
        n_jobs: most processes.

    Yields:
        The reports, in the photos' order.

    Raises:
        WorkerError: the processes cannot be set up.
        ModelError: the network cannot be loaded.
        CascadeError: the cascades cannot be loaded.
        OSError: a copy cannot be written.
    """
    n_jobs = max(1, min(n_jobs, len(tasks) // MIN_PHOTOS_PER_JOB))
    load = config.load if n_jobs == 1 else config.load_in_worker
    with closing(fetched_tasks(tasks, n_jobs)) as fetched:
        yield from map_in_order(fetched, load, n_jobs, lost_photo)


def fetched_tasks(tasks: Sequence[PhotoTask], n_jobs: int) -> Generator[PhotoTask, None, None]:
    """The tasks, with the content of photos that have an address; see `fetch_ahead`."""
    if all(isinstance(task.path, Path) for task in tasks):
        yield from tasks
        return
    with closing(fetch_ahead((task.path for task in tasks), n_jobs)) as fetched:
        for task, path in zip(tasks, fetched, strict=True):
            yield PhotoTask(path, task.number)


def check_folder(
    paths: Sequence[Location],
    config: PhotoCheckConfig,
    results: Results,
    n_jobs: int,
    *,
    left_out: str = "",
    others: Callable[[], Iterable[Mapping[str, Any]]] = tuple,
) -> VerdictCounts:
    """Check photos and write what ``results`` asks for.

    Photos are checked as by `check_photos`. Those that are in the results folder's journal are not
    checked again, unless they have changed, could not be read at the time, or their annotated copy
    is gone. Progress goes to stderr if that is a terminal, a summary line in any case.

    Args:
        paths: the photos, with a path or an address; one that is named twice counts once.
        config: how they are checked; ``results`` says whether copies are made.
        results: where results go; for a folder at an address see
            `maskdet_core.batch.shards.check.check_by_shards`.
        n_jobs: most processes, 1 or more.
        left_out: what the search for photos left out, added to the summary line.
        others: called once the photos are checked, for objects that follow theirs in the JSON
            report, such as those of videos.

    Returns:
        The counts over all photos, earlier runs included.

    Raises:
        JournalError: the results folder cannot be resumed.
        WorkerError: worker processes cannot be set up. The journal holds what was done until then.
        ModelError: the network cannot be loaded.
        CascadeError: the cascades cannot be loaded.
        OSError: results cannot be written.
    """
    began_s = time.monotonic()
    paths = list(dict.fromkeys(paths))
    with ExitStack() as stack:
        out = results.out
        if isinstance(out, Address):
            raise ValueError(f"expected a results folder with a path, got {out}")
        if out is None:
            leftovers.remove_stale_journals()
            temporary = tempfile.TemporaryDirectory(prefix=leftovers.TEMPORARY)
            out = Path(stack.enter_context(temporary))
        copies = out / COPIES if results.annotate else None
        config = replace(config, copies=copies)
        checker = config.load()
        settings = checker.settings()
        facts = None if results.html is None else CheckFacts.of(checker.detector)
        # the worker processes have their own, and the network takes memory
        del checker
        out.mkdir(parents=True, exist_ok=True)
        journal = _open_journal(out, settings, fresh=results.fresh)
        stack.enter_context(journal)
        # the journal's lock keeps other runs out, whose files these could be
        leftovers.remove_partial_reports(out)
        if copies is not None:
            copies.mkdir(exist_ok=True)
        # opened first, so that an unwritable file fails before the work and not after it
        reports = open_reports(results, stack)
        html = None if results.html is None else open_report(results.html.path, stack)
        counts = VerdictCounts()
        todo = list(_todo(paths, journal, copies, counts))
        n_before = counts.n_photos
        new = stack.enter_context(closing(check_photos([task for task, _ in todo], config, n_jobs)))
        bar = stack.enter_context(progress_bar(len(paths), n_before))
        for (task, stamp), report in zip(todo, new, strict=True):
            # without a stamp the next run finds the photo changed, and checks it again
            journal.append(Entry(report, task.number, stamp if report.is_final else FileStamp()))
            counts.add(report)
            bar.set_postfix_str(f"{counts.summary}, {counts.n_unreadable} unread", refresh=False)
            bar.update()
        bar.close()
        checked_s = time.monotonic()
        more = list(others())
        for file, pieces in reports:
            if pieces is json_text:
                pieces = partial(json_text, others=more)
            file.writelines(piece.encode("utf-8") for piece in pieces(_entries(paths, journal)))
            file.flush()
        if html is not None and results.html is not None and facts is not None:
            videos = None if results.html.videos is None else results.html.videos()
            write_html(html, results.html, paths, journal, facts, n_jobs, videos)
    # videos alone have a summary of their own
    summary = "" if more and not paths else summary_text(counts, n_before, checked_s - began_s)
    if summary or left_out:
        print("; ".join(filter(None, (summary, left_out))), file=sys.stderr)
    return counts


def _open_journal(out: Path, settings: Mapping[str, Any], *, fresh: bool) -> Journal:
    ours = [
        (path, match)
        for path in (out / COPIES).glob("*")
        if (match := COPY_NAME.fullmatch(path.name)) is not None and path.is_file()
    ]
    if ours and not fresh and not (out / JOURNAL).exists():
        raise JournalError(
            f"expected {JOURNAL} beside {out / COPIES}, found none. Name another folder, or start "
            "over with --fresh."
        )
    journal = Journal(out / JOURNAL, settings, fresh=fresh)
    for path, match in ours:
        # a run that was stopped leaves copies of photos that have no entry yet
        if int(match[1]) > journal.last_number or match[2]:
            path.unlink()
    return journal


def open_reports(results: Results, stack: ExitStack) -> list[tuple[BinaryIO, Pieces]]:
    """Open the report files until ``stack`` ends, each with what makes its text of reports.

    Raises:
        OSError: one cannot be written.
        AddressError: one cannot be written.
    """
    opened: list[tuple[BinaryIO, Pieces]] = []
    wanted: tuple[tuple[Location | None, Pieces, bytes], ...] = (
        (results.csv, csv_text, BOM),
        (results.json, json_text, b""),
    )
    for path, pieces, mark in wanted:
        if path is not None:
            file = open_report(path, stack)
            if path != STDOUT:
                file.write(mark)
            opened.append((file, pieces))
    return opened


def open_report(path: Location, stack: ExitStack) -> BinaryIO:
    """Open a report file: standard output for `STDOUT`, else a file that is whole or absent.

    Raises:
        OSError: it cannot be written.
        AddressError: it cannot be written.
    """
    return sys.stdout.buffer if path == STDOUT else stack.enter_context(open_whole(path))


def _todo(
    paths: Sequence[Location], journal: Journal, copies: Path | None, counts: VerdictCounts
) -> Iterator[tuple[PhotoTask, FileStamp]]:
    """Yield what is left to do, and count what is done already."""
    last_number = journal.last_number
    for path in paths:
        stamp = stamp_of(path)
        entry = journal.find(str(path))
        if entry is None:
            last_number += 1
            yield PhotoTask(path, last_number), stamp
        elif entry.stamp != stamp or stamp == FileStamp() or _lacks_copy(entry.report, copies):
            yield PhotoTask(path, entry.number), stamp
        else:
            counts.add(entry.report)


def _lacks_copy(report: PhotoReport, copies: Path | None) -> bool:
    if copies is None or report.annotated is None:
        return False
    return not (copies / report.annotated).is_file()


def _entries(paths: Sequence[Location], journal: Journal) -> Iterator[PhotoReport]:
    for path in paths:
        entry = journal.find(str(path))
        if entry is not None:
            yield entry.report


def progress_bar(n_photos: int, n_before: int) -> Any:
    """A bar on stderr, if that is a terminal."""
    return tqdm(
        total=n_photos,
        initial=n_before,
        unit="photo",
        dynamic_ncols=True,
        disable=not sys.stderr.isatty(),
    )


def summary_text(counts: VerdictCounts, n_before: int, seconds: float) -> str:
    """What a run says at its end."""
    n_new = counts.n_photos - n_before
    before = f" ({n_before} of them done before)" if n_before else ""
    rate = f", {n_new / seconds:.1f} photos a second" if n_new else ""
    return (
        f"{counts.n_photos} photos{before}: {counts.summary}; {counts.n_no_face} without a face, "
        f"{counts.n_unreadable} unreadable; {seconds:.1f} s{rate}"
    )
