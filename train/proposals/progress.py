"""Folder of one cascade's training: configuration, cascade so far, one line a stage."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train.data.files.records import add_record, read_records, write_json
from train.errors import RunError
from train.proposals.haar import WINDOW_PX
from train.proposals.model import Cascade
from train.proposals.opencv_xml import read_cascade, write_cascade


class Progress:
    """Reads and writes the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.xml = folder / "cascade.xml"
        self._config, self._stages = folder / "cascade.json", folder / "stages.jsonl"

    def start(
        self, config: Any, *, resume: bool, size: tuple[int, int] = (WINDOW_PX, WINDOW_PX)
    ) -> Cascade:
        """Make the folder, or read back the stages that are done.

        Args:
            config: settings, a dataclass.
            resume: go on with what is there.
            size: width and height of the window.

        Raises:
            RunError: it holds a training already, or one of other settings.
        """
        record = json.loads(json.dumps(asdict(config)))
        if self._config.exists():
            if not resume:
                raise RunError(f"{self.folder} holds a training: add --resume or another --out")
            if json.loads(self._config.read_text(encoding="utf-8")) != record:
                raise RunError(f"expected the settings that {self.folder} began with")
            return read_cascade(self.xml) if self.xml.exists() else Cascade(size=size)
        if resume:
            raise RunError(f"expected a training to resume in {self.folder}")
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self._config, record)
        return Cascade(size=size)

    def stages(self) -> list[dict[str, Any]]:
        """Reports of the stages so far."""
        return read_records(self._stages)

    def add(self, cascade: Cascade, report: dict[str, Any]) -> None:
        """Keep the cascade with its newest stage, then that stage's report, and print it."""
        write_cascade(self.xml, cascade)
        add_record(self._stages, report, "stage")
        print(json.dumps(report), flush=True)
