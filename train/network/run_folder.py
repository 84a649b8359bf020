"""A run's folder: its configuration, one record an epoch as it goes, and its checkpoint."""

import json
import shutil
from pathlib import Path
from typing import Any, cast

from maskdet_core.records.runs import EPOCHS_FILE, RUN_FILE, EpochRecord, RunRecord, RunStatus
from train.data.faces.images import IMAGE_SIZE_PX
from train.data.files.records import add_record, read_records, write_json
from train.errors import RunError
from train.network.config import TRAINED_FILE


class RunFolder:
    """Files of one training run.

    Attributes:
        path: the folder.
        checkpoint: model and optimizer after the last whole epoch.
        final: the trained model; exists only once training has finished.
        hard_negatives: boxes in the training photographs that show no face.
        teacher: a teacher's answers, see `train.network.teacher`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = path / "checkpoint.keras"
        self.final = path / TRAINED_FILE
        self.hard_negatives = path / "no_faces.json"
        self.teacher = path / "teacher.json"
        self._run, self._epochs = path / RUN_FILE, path / EPOCHS_FILE

    @property
    def begun(self) -> bool:
        """Whether the folder holds a run that another must not replace.

        A run that failed before its first whole epoch left nothing worth keeping.
        """
        if not self._run.exists():
            return False
        try:
            return bool(self.epochs()) or self.read().get("status") != "interrupted"
        except RunError:
            return True

    def validate(self, record: RunRecord, *, resume: bool) -> None:
        """Refuse a folder in use, or another configuration than the resumed run's.

        Raises:
            RunError: the folder holds a run already, or there is none or another one to resume.
        """
        if resume:
            before, now = self.read()["config"], record["config"]
            if before != now:
                changed = sorted(k for k in now | before if now.get(k) != before.get(k))
                raise RunError(
                    f"expected the settings that {self.path} began with, these differ: "
                    + ", ".join(changed)
                )
        elif self.begun:
            raise RunError(f"{self.path} holds a run already: add --resume or choose another --out")

    def start(self, record: RunRecord) -> None:
        """Create the folder, if it is not there yet, and write the run's record."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self._run, record)

    def read(self) -> RunRecord:
        """The run's record, without settings that only earlier versions had.

        Raises:
            RunError: there is none, it has no configuration, or it is of a network that this
                version does not build.
        """
        try:
            record = json.loads(self._run.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"expected a run in {self.path}: {error}") from error
        if not isinstance(record, dict) or not isinstance(record.get("config"), dict):
            raise RunError(f"expected an object with a config in {self._run}")
        return cast(RunRecord, record | {"config": _present(record["config"], self._run)})

    def set_status(self, status: RunStatus) -> None:
        """Write how far the run is."""
        write_json(self._run, {**self.read(), "status": status})

    def epochs(self) -> list[EpochRecord]:
        """Records of the epochs so far."""
        return [cast(EpochRecord, record) for record in read_records(self._epochs)]

    def add_epoch(self, record: EpochRecord) -> None:
        """Append one epoch."""
        add_record(self._epochs, record, "epoch")

    def copy_records(self, folder: Path) -> None:
        """Copy the run's records, not its weights, to another folder, made if absent."""
        folder.mkdir(parents=True, exist_ok=True)
        for source in (self._run, self._epochs):
            shutil.copyfile(source, folder / source.name)


def _present(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """Leave out settings of earlier versions where they say what is now always so.

    Those were batch normalisation and the sides of training pictures. A run on growing pictures
    keeps them in its record: its network can be used, but training cannot go on.
    """
    config = dict(config)
    if config.get("input_sizes") == [IMAGE_SIZE_PX]:
        del config["input_sizes"]
    network = config.get("network")
    if isinstance(network, dict) and "batch_norm" in network:
        if network["batch_norm"]:
            raise RunError(f"expected a network without batch normalisation in {path}")
        config["network"] = {key: network[key] for key in network if key != "batch_norm"}
    return config
