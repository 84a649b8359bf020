"""The shipped files, and writing a file whole or not at all."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Final

PARTIAL: Final = ".partial"
"""Ending of a file that is still being written."""


def models_folder() -> Path:
    """Folder of the shipped models: inside the installed package, or at the top of a checkout."""
    package = Path(str(resources.files("maskdet_core")))
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def write_whole(path: Path, data: str | bytes) -> None:
    """Write beside the file, then put it in its place: a full disk never leaves half of it.

    Args:
        path: the file.
        data: its bytes, or text in UTF-8.
    """
    with whole_file(path) as file:
        file.write(data.encode("utf-8") if isinstance(data, str) else data)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """As `write_whole`, for what is written piece by piece: an exception leaves nothing behind.

    Args:
        path: the file.
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
    """The file's sha256 as 64 lower-case hex digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
