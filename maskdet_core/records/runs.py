"""Schema of a training run's `run.json` and of the lines of its `epochs.jsonl`."""

from typing import Any, Final, Literal, TypedDict

RUN_FILE: Final = "run.json"
"""A `RunRecord`."""
EPOCHS_FILE: Final = "epochs.jsonl"
"""One `EpochRecord` a line."""

RunStatus = Literal["running", "finished", "interrupted"]
PhaseName = Literal["frozen", "full"]


class DatasetRecord(TypedDict):
    """Faces of one picture set by side of the split."""

    name: str
    n_train: int
    n_validation: int
    n_test: int


class RunRecord(TypedDict):
    """A training run.

    `started` is ISO 8601 in UTC; `config` holds the settings by name, see
    `train.network.config.FitConfig`.
    """

    format: int
    name: str
    started: str
    config: dict[str, Any]
    datasets: list[DatasetRecord]
    epochs_total: int
    status: RunStatus


class EpochRecord(TypedDict):
    """One epoch: `epoch` counts from 1, losses in nats, accuracies 0 to 1."""

    epoch: int
    phase: PhaseName
    accuracy: float
    loss: float
    val_accuracy: float
    val_loss: float
    learning_rate: float
    samples: int
    seconds: float
    finished_at: str
