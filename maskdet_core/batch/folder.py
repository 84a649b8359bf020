"""Photos in any number, checked into a results folder: resumable, in several processes."""

import re
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from tqdm import tqdm

from maskdet_core.batch.journal import Entry, Journal, Signature
from maskdet_core.batch.photo import PhotoCheckConfig, PhotoChecker, PhotoTask
from maskdet_core.batch.report import BOM, PhotoReport, csv_text, json_text
from maskdet_core.batch.workers import in_order
from maskdet_core.errors import JournalError
from maskdet_core.files import PARTIAL, open_atomic
from maskdet_core.types import Verdict

JOURNAL: Final = "faces.jsonl"
COPIES: Final = "annotated"
STDOUT: Final = Path("-")
"""Stands for standard output in place of a report's file."""
MIN_PHOTOS_PER_JOB: Final = 8
"""A process of its own pays from about as many photos on: it takes a while to start."""

_COPY: Final = re.compile(rf"(\d{{3,}})-[A-Za-z0-9_-]+\.jpg({re.escape(PARTIAL)})?")
_Pieces = Callable[[Iterable[PhotoReport]], Iterator[str]]


@dataclass(slots=True)
class Tally:
    """What came of photos: how many, their faces by verdict, and those that show or say none."""

    n_photos: int = 0
    n_with_mask: int = 0
    n_without_mask: int = 0
    n_not_sure: int = 0
    n_no_face: int = 0
    n_unread: int = 0

    def add(self, report: PhotoReport) -> None:
        """Count a photo and its faces."""
        self.n_photos += 1
        if report.detections is None:
            self.n_unread += 1
            return
        self.n_with_mask += report.detections.count(Verdict.WITH_MASK)
        self.n_without_mask += report.detections.count(Verdict.WITHOUT_MASK)
        self.n_not_sure += report.detections.count(Verdict.NOT_SURE)
        self.n_no_face += not report.detections.faces

    @property
    def words(self) -> str:
        """Faces by verdict, for people."""
        return f"{self.n_with_mask} mask, {self.n_without_mask} no mask, {self.n_not_sure} not sure"


@dataclass(frozen=True, slots=True)
class Results:
    """Where results go.

    Attributes:
        out: results folder with the journal and annotated copies, made if needed; None for none.
        csv: file for the whole report as CSV, `STDOUT`, or None for none.
        json: file for the whole report as JSON, `STDOUT`, or None for none.
        annotate: make annotated copies; needs ``out``.
        fresh: forget what ``out`` holds.
    """

    out: Path | None = None
    csv: Path | None = None
    json: Path | None = None
    annotate: bool = False
    fresh: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: copies without a folder for them.
        """
        if self.annotate and self.out is None:
            raise ValueError("expected a results folder for annotated copies, got none")


def checked(
    tasks: Sequence[PhotoTask], check: PhotoCheckConfig, checker: PhotoChecker, n_jobs: int
) -> Generator[PhotoReport, None, None]:
    """Check photos, in as many processes as pay.

    Args:
        tasks: the photos.
        check: for processes to set themselves up.
        checker: the same, loaded: what works where one process is enough.
        n_jobs: processes at most.

    Yields:
        The reports, in the photos' order.

    Raises:
        WorkerError: a process ended unasked.
        OSError: a copy cannot be written.
    """
    n_jobs = min(n_jobs, len(tasks) // MIN_PHOTOS_PER_JOB)
    if n_jobs > 1:
        yield from in_order(tasks, check.load_in_worker, n_jobs)
    else:
        yield from map(checker, tasks)


def check_folder(
    paths: Sequence[Path], check: PhotoCheckConfig, results: Results, n_jobs: int
) -> Tally:
    """Check photos and write what ``results`` asks for.

    Photos that the results folder's journal holds are not checked again, unless they have changed
    or their annotated copy is gone. Progress goes to stderr where that is a terminal, one line at
    the end in any case.

    Args:
        paths: the photos; one that is named twice counts once.
        check: how they are checked; ``results`` says whether copies are made.
        results: where results go.
        n_jobs: processes at most, 1 or more.

    Returns:
        What came of all of them, earlier runs included.

    Raises:
        JournalError: the results folder cannot go on.
        WorkerError: a process ended unasked. What was done until then is in the journal.
        ModelError: the network cannot be loaded.
        CascadeError: the cascades cannot be loaded.
        OSError: results cannot be written.
    """
    began_s = time.monotonic()
    paths = list(dict.fromkeys(paths))
    with ExitStack() as stack:
        out = results.out
        if out is None:
            out = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="maskdet-")))
        copies = out / COPIES if results.annotate else None
        check = replace(check, copies=copies)
        checker = check.load()
        out.mkdir(parents=True, exist_ok=True)
        journal = _open_journal(out, checker.settings(), fresh=results.fresh)
        stack.enter_context(journal)
        if copies is not None:
            copies.mkdir(exist_ok=True)
        # opened before the work: what cannot be written is not to be found out after it
        reports = _open_reports(results, stack)
        tally = Tally()
        todo = list(_todo(paths, journal, copies, tally))
        n_before = tally.n_photos
        new = stack.enter_context(
            closing(checked([task for task, _ in todo], check, checker, n_jobs))
        )
        bar = stack.enter_context(_bar(len(paths), n_before))
        for (task, signature), report in zip(todo, new, strict=True):
            journal.append(Entry(report, task.number, signature))
            tally.add(report)
            bar.set_postfix_str(f"{tally.words}, {tally.n_unread} unread", refresh=False)
            bar.update()
        for file, pieces in reports:
            file.writelines(piece.encode("utf-8") for piece in pieces(_entries(paths, journal)))
            file.flush()
    print(_summary(tally, n_before, time.monotonic() - began_s), file=sys.stderr)
    return tally


def _open_journal(out: Path, settings: Mapping[str, Any], *, fresh: bool) -> Journal:
    ours = [
        (path, match)
        for path in (out / COPIES).glob("*")
        if (match := _COPY.fullmatch(path.name)) is not None and path.is_file()
    ]
    if ours and not fresh and not (out / JOURNAL).exists():
        raise JournalError(
            f"expected {JOURNAL} beside {out / COPIES}, found none. Name another folder, or begin "
            "anew with --fresh."
        )
    journal = Journal(out / JOURNAL, settings, fresh=fresh)
    for path, match in ours:
        # photos that were on their way when a run was ended have a copy and no entry
        if int(match[1]) > journal.last_number or match[2]:
            path.unlink()
    return journal


def _open_reports(results: Results, stack: ExitStack) -> list[tuple[BinaryIO, _Pieces]]:
    opened: list[tuple[BinaryIO, _Pieces]] = []
    wanted: tuple[tuple[Path | None, _Pieces, bytes], ...] = (
        (results.csv, csv_text, BOM),
        (results.json, json_text, b""),
    )
    for path, pieces, mark in wanted:
        if path == STDOUT:
            opened.append((sys.stdout.buffer, pieces))
        elif path is not None:
            file = stack.enter_context(open_atomic(path))
            file.write(mark)
            opened.append((file, pieces))
    return opened


def _todo(
    paths: Sequence[Path], journal: Journal, copies: Path | None, tally: Tally
) -> Iterator[tuple[PhotoTask, Signature]]:
    """What is left to do; what is done already is counted."""
    last_number = journal.last_number
    for path in paths:
        signature = Signature.of(path)
        entry = journal.find(str(path))
        if entry is None:
            last_number += 1
            yield PhotoTask(path, last_number), signature
        elif entry.signature != signature or _lacks_copy(entry.report, copies):
            yield PhotoTask(path, entry.number), signature
        else:
            tally.add(entry.report)


def _lacks_copy(report: PhotoReport, copies: Path | None) -> bool:
    if copies is None or report.annotated is None:
        return False
    return not (copies / report.annotated).is_file()


def _entries(paths: Sequence[Path], journal: Journal) -> Iterator[PhotoReport]:
    for path in paths:
        entry = journal.find(str(path))
        if entry is not None:
            yield entry.report


def _bar(n_photos: int, n_before: int) -> Any:
    return tqdm(
        total=n_photos,
        initial=n_before,
        unit="photo",
        dynamic_ncols=True,
        disable=not sys.stderr.isatty(),
    )


def _summary(tally: Tally, n_before: int, seconds: float) -> str:
    n_new = tally.n_photos - n_before
    before = f" ({n_before} of them done before)" if n_before else ""
    rate = f", {n_new / seconds:.1f} photos a second" if n_new else ""
    return (
        f"{tally.n_photos} photos{before}: {tally.words}; {tally.n_no_face} without a face, "
        f"{tally.n_unread} unreadable; {seconds:.1f} s{rate}"
    )
