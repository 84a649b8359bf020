"""The picture files that a command line names, directly or by their folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from maskdet_core.batch.folder import COPIES

PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})
"""What is taken from a folder; a file that is named directly is always taken."""


def list_pictures(paths: Sequence[Path], out: Path | None = None) -> Iterator[Path]:
    """List files as given, and of folders all pictures at any depth, sorted by path.

    Args:
        paths: files and folders.
        out: results folder, whose annotated copies are left out.
    """
    for path in paths:
        if path.is_dir():
            results = None if out is None else _results_inside(path, out)
            yield from sorted(
                inner
                for inner in path.rglob("*")
                if inner.suffix.lower() in PICTURE_SUFFIXES
                and inner.is_file()
                and not (results is not None and inner.is_relative_to(results))
            )
        else:
            yield path


def _results_inside(folder: Path, out: Path) -> Path | None:
    """What to leave out of a searched folder; None if the results lie elsewhere."""
    base, results = folder.resolve(), out.resolve()
    if results == base:
        # results among the photos: leave out only what was made
        return folder / COPIES
    return folder / results.relative_to(base) if results.is_relative_to(base) else None
