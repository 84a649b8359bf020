"""A run's folder: its configuration, one record an epoch as it goes, and its checkpoint."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskdet_core.files import write_whole
from train.errors import RunError


def write_json(path: Path, value: object) -> None:
    """Write a JSON file in one step, so that a reader or a full disk never leaves half of it."""
    write_whole(path, json.dumps(value, indent=1) + "\n")


def read_records(path: Path) -> list[dict[str, Any]]:
    """Records of a file of JSON lines, none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def add_record(path: Path, record: dict[str, Any], key: str) -> None:
    """Append a record; one that was repeated after an interruption replaces its former self.

    Args:
        path: file of JSON lines.
        record: the new one.
        key: its running number; records with the same or a higher one are dropped.
    """
    kept = [r for r in read_records(path) if r[key] < record[key]]
    write_whole(path, "".join(json.dumps(r) + "\n" for r in [*kept, record]))


def now_iso() -> str:
    """The present moment in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class RunFolder:
    """Files of one training run.

    Attributes:
        path: the folder.
        checkpoint: model and optimizer after the last whole epoch.
        final: the trained model; there only once training has finished.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = path / "checkpoint.keras"
        self.final = path / "model.keras"
        self._run, self._epochs = path / "run.json", path / "epochs.jsonl"

    def start(self, record: dict[str, Any], *, resume: bool) -> None:
        """Create the folder, or check that a resumed run has the configuration it began with.

        Raises:
            RunError: the folder holds a run already, or there is none or another one to resume.
        """
        if resume:
            before = self.read()
            if before["config"] != record["config"]:
                changed = sorted(
                    key
                    for key in record["config"] | before["config"]
                    if record["config"].get(key) != before["config"].get(key)
                )
                raise RunError(
                    f"expected the settings that {self.path} began with, these differ: "
                    + ", ".join(changed)
                )
        elif self._run.exists():
            raise RunError(f"{self.path} holds a run already: add --resume or choose another --out")
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self._run, record)

    def read(self) -> dict[str, Any]:
        """The run's record; RunError where there is none."""
        try:
            record = json.loads(self._run.read_text(encoding="utf-8"))
        except (OSError, json.JSONDecodeError) as error:
            raise RunError(f"expected a run in {self.path}: {error}") from error
        if not isinstance(record, dict):
            raise RunError(f"expected an object in {self._run}")
        return record

    def set_status(self, status: str) -> None:
        """Note "running", "finished" or "interrupted"."""
        write_json(self._run, self.read() | {"status": status})

    def epochs(self) -> list[dict[str, Any]]:
        """Records of the epochs so far."""
        return read_records(self._epochs)

    def add_epoch(self, record: dict[str, Any]) -> None:
        """Append one epoch."""
        add_record(self._epochs, record, "epoch")
