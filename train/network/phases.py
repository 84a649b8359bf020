"""The phases of a training: trained blocks, learning rate, epochs with their records."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from maskdet_core.records.runs import PhaseName
from train.data.files.records import now_iso
from train.errors import RunError
from train.network.config import FitConfig
from train.network.distil import LabelsAndLessons, accuracy
from train.network.inputs import TrainingInputs, ValidationInputs
from train.network.run_folder import RunFolder
from train.network.vgg19 import train_from

_FROZEN_FINAL_SHARE = 0.3
"""Learning rate at the end of the first phase over its peak."""
_FULL_FINAL_SHARE = 0.01
"""Learning rate at the end of the training over the second phase's peak."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Consecutive epochs with the same trained blocks and learning-rate schedule.

    Attributes:
        name: as the epochs' records have it.
        first: first epoch, from 0.
        last: the epoch after the last.
        trained_from: first trained block, see `train_from`.
        peak_rate: learning rate after the warm-up.
        final_share: learning rate at the end over the peak.
    """

    name: PhaseName
    first: int
    last: int
    trained_from: int
    peak_rate: float
    final_share: float


def phases(config: FitConfig) -> Iterator[Phase]:
    """The upper blocks on fixed lower ones, then deeper; a phase without epochs is left out."""
    if config.frozen_epochs:
        yield Phase(
            "frozen",
            0,
            config.frozen_epochs,
            config.frozen_from,
            config.learning_rate,
            _FROZEN_FINAL_SHARE,
        )
    if config.full_epochs:
        yield Phase(
            "full",
            config.frozen_epochs,
            config.epochs_total,
            config.full_from,
            config.full_learning_rate,
            _FULL_FINAL_SHARE,
        )


def train_phase(
    model: keras.Model,
    phase: Phase,
    start: int,
    batches: TrainingInputs,
    validation: ValidationInputs,
    run: RunFolder,
    config: FitConfig,
) -> None:
    """Train the epochs of a phase from `start` on; each leaves a checkpoint and a record.

    Args:
        model: new, or as the checkpoint has it.
        phase: to train.
        start: first epoch, from 0; the phase's own first epoch compiles the model.
        batches: faces to train on, from epoch `start` on.
        validation: faces to validate with.
        run: folder of the run.
        config: settings of the run.
    """
    if start == phase.first:
        _compile(model, config, phase)
    model.fit(
        batches,
        # the order is drawn from the seed already; Keras would shuffle it without one
        shuffle=False,
        validation_data=validation,
        initial_epoch=start,
        epochs=phase.last,
        # validation sees the averaged weights; the checkpoint holds both
        callbacks=[keras.callbacks.SwapEMAWeights(), EpochRecorder(run, phase, config)],
    )
    # the phase ends with the averaged weights, and the next one starts from them
    save_whole(model, run.checkpoint)


def _compile(model: keras.Model, config: FitConfig, phase: Phase) -> None:
    train_from(model, phase.trained_from)
    steps = max(1, config.epoch_samples // config.batch_size) * (phase.last - phase.first)
    warmup = max(1, int(config.warmup_share * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=phase.peak_rate / 100,
        warmup_target=phase.peak_rate,
        warmup_steps=warmup,
        decay_steps=max(1, steps - warmup),
        alpha=phase.final_share,
    )
    momentum = max(0.0, 1 - 1 / max(1.0, config.average_share * steps))
    model.compile(
        optimizer=keras.optimizers.Adam(
            schedule, clipnorm=1.0, use_ema=True, ema_momentum=momentum
        ),
        loss=LabelsAndLessons(
            config.network.outputs,
            config.teacher_weight if config.teacher is not None else 0.0,
            config.teacher_temperature,
            config.label_smoothing,
        ),
        metrics=[accuracy],
        jit_compile=False,
    )


class EpochRecorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Saves the checkpoint, then the metrics record, after each epoch."""

    def __init__(self, run: RunFolder, phase: Phase, config: FitConfig) -> None:
        super().__init__()
        self.phase = phase
        self._run, self._config = run, config
        self._started_s = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the epoch's clock."""
        self._started_s = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the checkpoint and the record, each whole or not at all."""
        save_whole(self.model, self._run.checkpoint)
        values = {key: float(value) for key, value in (logs or {}).items()}
        rate = self.model.optimizer.learning_rate
        self._run.add_epoch(
            {
                "epoch": epoch + 1,
                "phase": self.phase.name,
                "accuracy": values["accuracy"],
                "loss": values["loss"],
                "val_accuracy": values["val_accuracy"],
                "val_loss": values["val_loss"],
                "learning_rate": float(keras.ops.convert_to_numpy(rate)),
                "samples": self._config.epoch_samples,
                "seconds": round(time.monotonic() - self._started_s, 1),
                "finished_at": now_iso(),
            }
        )


def save_whole(model: keras.Model, path: Path) -> None:
    """Write a model file whole or not at all.

    Args:
        model: what to save.
        path: `.keras` file; the old one stays until the new one is whole.

    Raises:
        RunError: it cannot be written, as on a full disk.
    """
    partial = path.with_suffix(".partial.keras")
    try:
        model.save(partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RunError(
            f"cannot write {path}: {error}; make room, then go on with --resume"
        ) from error
