"""Check any number of photos by shards: into an address, or on several machines.

The reports are those of `maskdet_core.batch.photos.folder.check_folder`, byte for byte.
"""

import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from maskdet_core.batch.photos.check import PhotoCheckConfig
from maskdet_core.batch.photos.folder import (
    COPIES,
    COPY_NAME,
    Results,
    VerdictCounts,
    check_photos,
    open_report,
    open_reports,
    progress_bar,
    summary_text,
)
from maskdet_core.batch.photos.folder_document import write_html
from maskdet_core.batch.photos.journal import JOURNAL, Entry, Journal
from maskdet_core.batch.photos.leftovers import TEMPORARY, remove_stale_journals
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.batch.resume import REMEDY
from maskdet_core.batch.shards.store import Shard, ShardStore, cut_into_shards
from maskdet_core.batch.storage.addresses import Location, names_in, remove
from maskdet_core.cpu import n_cores
from maskdet_core.errors import JournalError
from maskdet_core.html_report.facts import CheckFacts

Engine: TypeAlias = Callable[
    [Sequence[Shard], ShardStore, PhotoCheckConfig, int | None], Generator[int, None, None]
]
"""Checks shards into a store with at most so many processes (None: one for each core), and yields
each shard's number of photos once it is written, in any order."""


def check_by_shards(
    paths: Sequence[Location],
    config: PhotoCheckConfig,
    results: Results,
    engine: Engine,
    n_jobs: int | None,
    *,
    left_out: str = "",
) -> VerdictCounts:
    """Check photos and write what ``results`` asks for.

    Arguments, result and errors are those of `maskdet_core.batch.photos.folder.check_folder`, and:

    Args:
        paths: with a path or an address.
        config: how they are checked.
        results: its ``out`` must be given.
        engine: who checks the shards.
        n_jobs: most processes; None for one for each core.
        left_out: added to the summary line.

    Raises:
        AddressError: an address cannot be read or written.
    """
    began_s = time.monotonic()
    if results.out is None:
        raise ValueError("expected a results folder for the shards, got none")
    paths = list(dict.fromkeys(paths))
    with ExitStack() as stack:
        copies = results.out / COPIES if results.annotate else None
        config = replace(config, copies=copies)
        checker = config.load()
        facts = None if results.html is None else CheckFacts.of(checker.detector)
        settings = checker.settings()
        # the worker processes have their own, and the network takes memory
        del checker
        store = ShardStore(results.out, settings)
        _keep_apart(results.out, fresh=results.fresh)
        done, begun = store.open(fresh=results.fresh)
        if isinstance(copies, Path):
            copies.mkdir(exist_ok=True)
        # opened first, so that an unwritable file fails before the work and not after it
        reports = open_reports(results, stack)
        html = None if results.html is None else open_report(results.html.path, stack)
        names, todo = [], []
        for shard in cut_into_shards(paths, numbered=results.annotate):
            names.append(shard.name)
            if shard.name not in done:
                todo.append(replace(shard, is_begun=shard.name in begun))
        n_before = len(paths) - sum(len(shard.photos) for shard in todo)
        if todo:
            with closing(engine(todo, store, config, n_jobs)) as finished:
                bar = stack.enter_context(progress_bar(len(paths), n_before))
                for n_photos in finished:
                    bar.update(n_photos)
        del todo
        counts = VerdictCounts()
        counted = _counted(store.reports(names, paths), counts)
        for file, pieces in reports:
            file.writelines(piece.encode("utf-8") for piece in pieces(counted))
            file.flush()
            counted = store.reports(names, paths)
        if not reports:
            deque(counted, maxlen=0)
        checked_s = time.monotonic()
        if html is not None and results.html is not None and facts is not None:
            journal = stack.enter_context(_one_journal(store.entries(names, paths), settings))
            # the jobs may be those of a cluster, and the pictures are made here
            n_here = min(n_jobs or n_cores(), n_cores())
            write_html(html, results.html, paths, journal, facts, n_here)
    summary = summary_text(counts, n_before, checked_s - began_s)
    print("; ".join(filter(None, (summary, left_out))), file=sys.stderr)
    return counts


def check_here(
    shards: Sequence[Shard], store: ShardStore, config: PhotoCheckConfig, n_jobs: int | None
) -> Generator[int, None, None]:
    """The local `Engine`: worker processes of this machine, on one shard after another."""
    plans = [store.plan(shard) for shard in shards]
    tasks = [task for plan in plans for task in plan.tasks]
    with closing(check_photos(tasks, config, n_jobs or n_cores())) as reports:
        for plan in plans:
            store.write(plan, list(islice(reports, len(plan.tasks))))
            yield len(plan.shard.photos)


def _keep_apart(out: Location, *, fresh: bool) -> None:
    """Refuse a folder that a run without shards made: its copies have other numbers.

    Raises:
        JournalError: it holds such a journal.
    """
    if fresh:
        copies = (name for name in names_in(out / COPIES) if COPY_NAME.fullmatch(name))
        remove([out / JOURNAL, *(out / COPIES / name for name in copies)])
    elif JOURNAL in names_in(out):
        raise JournalError(f"{out}: expected a folder of shards, found {JOURNAL}. {REMEDY}")


@contextmanager
def _one_journal(entries: Iterable[Entry], settings: Mapping[str, Any]) -> Iterator[Journal]:
    """A journal of all shards in a temporary folder: the HTML report takes photos in any order."""
    remove_stale_journals()
    with (
        tempfile.TemporaryDirectory(prefix=TEMPORARY) as folder,
        Journal(Path(folder) / JOURNAL, settings) as journal,
    ):
        for entry in entries:
            journal.append(entry)
        yield journal


def _counted(reports: Iterable[PhotoReport], counts: VerdictCounts) -> Iterator[PhotoReport]:
    for report in reports:
        counts.add(report)
        yield report
