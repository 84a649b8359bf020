"""A run's folder: its configuration, one record an epoch as it goes, and its checkpoint."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from train.errors import RunError


def write_json(path: Path, value: object) -> None:
    """Write a JSON file in one step, so that a reader or a full disk never leaves half of it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


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
        if not self._epochs.exists():
            return []
        return [json.loads(line) for line in self._epochs.read_text("utf-8").splitlines() if line]

    def add_epoch(self, record: dict[str, Any]) -> None:
        """Append one epoch; one that was repeated after an interruption replaces its record."""
        kept = [r for r in self.epochs() if r["epoch"] < record["epoch"]]
        lines = "".join(json.dumps(r) + "\n" for r in [*kept, record])
        partial = self._epochs.with_name("epochs.jsonl.partial")
        partial.write_text(lines, encoding="utf-8")
        partial.replace(self._epochs)
