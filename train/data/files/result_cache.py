"""A cache on disk of results that take minutes to find, for runs with the same pictures.

A result is filed under a digest of all that it depends on: the picture's bytes and whatever else is
named. A changed picture or another finder has another digest, so nothing out of date is ever read,
and sets, splits and runs can share a file.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from train.data.files.records import write_json
from train.errors import DataError, RunError

_FORMAT: Final = 1
_SAVE_EVERY: Final = 200
"""New results between two writes of the file: what an interruption may cost."""


@dataclass(frozen=True, slots=True)
class CacheFiles:
    """The caches that a training shares with other runs; None caches nothing.

    Attributes:
        hard_negatives: see `train.data.negatives.hard_negatives.find_hard_negatives`.
        eyes: see `train.data.faces.eyes.find_eyes`.
    """

    hard_negatives: Path | None = None
    eyes: Path | None = None


NO_CACHE: Final = CacheFiles()


def digest_of(picture: Path, *others: object) -> str:
    """Digest of a picture file and of other values that have a stable `repr`.

    Raises:
        DataError: the picture cannot be read.
    """
    try:
        digest = hashlib.sha256(picture.read_bytes())
    except OSError as error:
        raise DataError(f"expected a picture at {picture}: {error}") from error
    digest.update(repr(others).encode())
    return digest.hexdigest()[:32]


class ResultCache:
    """Results by digest, read from a file and written back to it.

    Args:
        path: JSON file, made when there is something to write; None caches in memory only.

    Raises:
        RunError: the file is no cache.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._results: dict[str, Any] = {}
        self._n_new = 0
        if path is None or not path.exists():
            return
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["format"] != _FORMAT:
                raise ValueError(f"format {record['format']}")
            self._results = dict(record["results"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"expected a cache of results in {path}: {error!r}") from error

    def __contains__(self, digest: str) -> bool:
        return digest in self._results

    def __getitem__(self, digest: str) -> Any:
        return self._results[digest]

    def __setitem__(self, digest: str, result: Any) -> None:
        self._results[digest] = result
        self._n_new += 1
        if self._n_new >= _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write the file, if there is one and anything is new."""
        if self._path is not None and self._n_new:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self._path, {"format": _FORMAT, "results": self._results})
        self._n_new = 0
