"""Files that a killed run left unfinished, removed by the next run."""

import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from maskdet_core.batch.csv_lines import BOM
from maskdet_core.batch.photos.journal import JOURNAL
from maskdet_core.batch.photos.report import COLUMNS
from maskdet_core.batch.resume import lock
from maskdet_core.errors import JournalError
from maskdet_core.files import PARTIAL

TEMPORARY: Final = "maskdet-check-"
"""Prefix of the temporary folder for the journal of a run without a results folder."""
STALE_S: Final = 3600
"""Age from which a temporary folder is removed: a run that starts has not locked its journal."""

_BEGINNINGS: Final = {
    ".csv": BOM + f'"{COLUMNS[0]}","{COLUMNS[1]}"'.encode(),
    ".json": b'[\n{"path": ',
}
"""With what our reports begin, by suffix."""


def remove_partial_reports(folder: Path) -> None:
    """Remove unfinished reports from a results folder whose journal this process has locked.

    Only files named and beginning as our reports: ``*.csv.partial`` and ``*.json.partial``.
    """
    for path in folder.glob(f"*{PARTIAL}"):
        beginning = _BEGINNINGS.get(path.with_suffix("").suffix)
        with suppress(OSError):
            if beginning is not None and path.is_file() and _begins(path, beginning):
                path.unlink()


def remove_stale_journals() -> None:
    """Remove the temporary folders of killed runs, which hold the names of photos."""
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        with suppress(OSError, JournalError):
            is_ours = [path.name for path in folder.iterdir()] == [JOURNAL]
            if is_ours and time.time() - folder.stat().st_mtime > STALE_S:
                with (folder / JOURNAL).open("r+b") as file:
                    lock(file, folder / JOURNAL)
                (folder / JOURNAL).unlink()
                folder.rmdir()


def _begins(path: Path, beginning: bytes) -> bool:
    """Whether a file begins so, or ends before the beginning is complete."""
    with path.open("rb") as file:
        return beginning.startswith(file.read(len(beginning)))
