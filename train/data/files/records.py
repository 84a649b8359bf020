"""Records on disk: JSON files and JSON lines, each written whole or not at all."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskdet_core.files import write_atomic


def write_json(path: Path, value: object) -> None:
    """Write a JSON file in one step, so that a reader or a full disk never leaves half of it."""
    write_atomic(path, json.dumps(value, indent=1) + "\n")


def read_records(path: Path) -> list[dict[str, Any]]:
    """Records of a file of JSON lines, none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def add_record(path: Path, record: Mapping[str, Any], key: str) -> None:
    """Append a record; one that was repeated after an interruption replaces its former self.

    Args:
        path: file of JSON lines.
        record: the new one.
        key: its running number; records with the same or a higher one are dropped.
    """
    kept = [r for r in read_records(path) if r[key] < record[key]]
    write_atomic(path, "".join(json.dumps(r) + "\n" for r in [*kept, record]))


def now_iso() -> str:
    """The present moment in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def processor() -> str:
    """Name of this machine's processor, as Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"
