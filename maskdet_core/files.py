"""Where the shipped models lie, atomic writes, and file hashes."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Final

PARTIAL: Final = ".partial"
"""Suffix of a file that is still being written."""


def models_folder() -> Path:
    """Folder of the shipped models: in the installed package, or at the top of a checkout."""
    package = Path(str(resources.files("maskdet_core")))
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def write_atomic(path: Path, data: str | bytes) -> None:
    """Write a file atomically: a full disk or a crash leaves the old content, never a part.

    Args:
        path: the file, created or replaced.
        data: its content; text is written as UTF-8.

    Raises:
        OSError: the file cannot be written.
    """
    with open_atomic(path) as file:
        file.write(data.encode("utf-8") if isinstance(data, str) else data)


@contextmanager
def open_atomic(path: Path) -> Iterator[BinaryIO]:
    """As `write_atomic`, for content that is written piece by piece.

    An exception inside the ``with`` block leaves the old content and removes the partial file.

    Args:
        path: the file, created or replaced.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(path)
    partial = path.with_name(path.name + PARTIAL)
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def file_sha256(path: Path) -> str:
    """The file's sha256 as 64 lower-case hex digits.

    Raises:
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
