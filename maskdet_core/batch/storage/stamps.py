"""What a file is recognised by when it may have changed between two runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a changed file is recognised by; all None if there is no such file.

    Attributes:
        size_bytes: its length.
        changed_ns: time of its last modification, in ns since 1970; of a file with a path.
        version: entity tag, checksum or time that its service gives; of a file with an address.
    """

    size_bytes: int | None = None
    changed_ns: int | None = None
    version: str | None = None

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the stamp of a file."""
        try:
            status = path.stat()
        except OSError:
            return cls()
        return cls(status.st_size, status.st_mtime_ns)

    def may_be(self, other: "FileStamp") -> bool:
        """Whether this may be the other's file: services tell more of one file than of many."""
        pairs = (
            (self.size_bytes, other.size_bytes),
            (self.changed_ns, other.changed_ns),
            (self.version, other.version),
        )
        return all(one == two or one is None or two is None for one, two in pairs)
