"""Training in two phases: the upper blocks on fixed lower ones, then deeper."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from maskdet_core.cpu import n_cores
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.run_records import DatasetRecord, PhaseName, RunRecord
from train.augment.hands import HandPaster, split_hands
from train.data import hard_negatives
from train.data.datasets import FaceSample
from train.data.records import now_iso
from train.data.split import Split
from train.errors import RunError
from train.network.batches import AugmentedFaces, PlainFaces
from train.network.config import HEAD_ONLY, FitConfig
from train.network.run_folder import RunFolder
from train.network.vgg19 import blocks_given, build_model, train_from


@dataclass(frozen=True, slots=True)
class Phase:
    """Consecutive epochs with the same trained blocks and one learning-rate schedule.

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


def fit(
    config: FitConfig,
    split: Split,
    finder: CascadeFaceFinder | None,
    out: Path,
    hands: Path | None,
    *,
    resume: bool,
) -> Path:
    """Train a network and return the path of the finished `.keras` file.

    Args:
        config: settings of the run.
        split: faces by side; only `train` and `validation` are used.
        finder: with a low minimum score, to find hard negatives in the training photographs; None
            leaves the third output without pictures.
        out: run folder; each whole epoch leaves a checkpoint and a metrics record there.
        hands: folder of hands to lay over faces, or None where the configuration wants none.
        resume: go on after the last whole epoch; the result equals that of a run without a break.

    Raises:
        RunError: `out` does not fit, see `RunFolder.start`, or pictures of hands are missing.
    """
    config = _resolved(config, hands)
    paster = HandPaster(split_hands(hands)[0]) if config.hands and hands is not None else None
    run = RunFolder(out)
    run.start(_run_record(out.name, config, split), resume=resume)
    epochs_done = len(run.epochs()) if resume else 0

    faces = [*split.train, *_hard_negatives(run, split, finder, config, resume=resume)]
    validation = PlainFaces(
        _spread(split.validation, config.max_validation), batch_size=config.batch_size
    )

    model = _start_model(run, config, epochs_done)
    try:
        for phase in _phases(config):
            start = max(phase.first, epochs_done)
            if start < phase.last:
                batches = AugmentedFaces(
                    faces, config, epoch=start, hands=paster, workers=n_cores()
                )
                _train_phase(model, phase, start, batches, validation, run, config)
    except BaseException:
        run.set_status("interrupted")
        raise
    save_whole(model, run.final, include_optimizer=False)
    run.set_status("finished")
    return run.final


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


def save_whole(model: keras.Model, path: Path, **options: Any) -> None:
    """Write a model file whole or not at all.

    Args:
        model: what to save.
        path: `.keras` file; the old one stays until the new one is whole.
        options: of `keras.Model.save`.

    Raises:
        RunError: it cannot be written, as on a full disk.
    """
    partial = path.with_suffix(".partial.keras")
    try:
        model.save(partial, **options)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RunError(
            f"cannot write {path}: {error}; make room, then go on with --resume"
        ) from error


def _resolved(config: FitConfig, hands: Path | None) -> FitConfig:
    """The configuration as it will be trained.

    Raises:
        RunError: pictures of hands are missing, or the start weights saw a set to hold out.
    """
    if config.hands and hands is None:
        raise RunError("expected pictures of hands: give --hands DIR, or --no-hands to do without")
    _validate_start(config)
    if HEAD_ONLY not in (config.frozen_from, config.full_from):
        return config
    # fixed features end where the start weights do: random ones would be useless
    blocks = min(config.network.blocks, max(1, blocks_given(config.weights)))
    return replace(config, network=replace(config.network, blocks=blocks))


def _validate_start(config: FitConfig) -> None:
    """A trained network to start from must not have seen what this run holds out."""
    if not config.weights.endswith(".keras"):
        return
    before = RunFolder(Path(config.weights).parent).read()["config"]
    missing = sorted(set(config.hold_out) - set(before.get("hold_out", [])))
    if missing:
        raise RunError(
            f"expected start weights that held out {', '.join(missing)} too, got {config.weights}"
        )


def _run_record(name: str, config: FitConfig, split: Split) -> RunRecord:
    return {
        "format": 1,
        "name": name,
        "started": now_iso(),
        "config": config.record(),
        "datasets": _count(split),
        "epochs_total": config.epochs_total,
        "status": "running",
    }


def _count(split: Split) -> list[DatasetRecord]:
    train, validation, test = (
        Counter(sample.dataset for sample in side)
        for side in (split.train, split.validation, split.leak_free_test)
    )
    return [
        {
            "name": name,
            "n_train": train[name],
            "n_validation": validation[name],
            "n_test": test[name],
        }
        for name in sorted({*train, *validation, *test})
    ]


def _hard_negatives(
    run: RunFolder,
    split: Split,
    finder: CascadeFaceFinder | None,
    config: FitConfig,
    *,
    resume: bool,
) -> list[FaceSample]:
    if finder is None or not config.network.no_face:
        return []
    path = run.hard_negatives
    if not (resume and path.exists()):
        found = hard_negatives.find_hard_negatives(split.train, finder, config.seed)
        hard_negatives.save(path, found)
    # read back the first time too, so that a resumed run gets exactly the same
    return hard_negatives.load(path, split.train)


def _start_model(run: RunFolder, config: FitConfig, epochs_done: int) -> keras.Model:
    """The checkpoint of a resumed run, or a network with the start weights.

    Raises:
        RunError: epochs are recorded, but there is no checkpoint.
    """
    if epochs_done and not run.checkpoint.exists():
        raise RunError(f"expected a checkpoint at {run.checkpoint}; start again in another folder")
    keras.mixed_precision.set_global_policy(_policy(config.precision))
    keras.utils.set_random_seed(config.seed)
    if epochs_done:
        return keras.models.load_model(run.checkpoint)
    return build_model(config.weights, config.network)


def _policy(precision: str) -> str:
    if precision != "auto":
        return precision
    try:
        fast = " amx_bf16 " in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        fast = False
    return "mixed_bfloat16" if fast or keras.backend.backend() != "tensorflow" else "float32"


def _phases(config: FitConfig) -> Iterator[Phase]:
    ends = config.frozen_epochs, config.epochs_total
    yield Phase("frozen", 0, ends[0], config.frozen_from, config.learning_rate, 0.3)
    yield Phase("full", *ends, config.full_from, config.full_learning_rate, 0.01)


def _train_phase(
    model: keras.Model,
    phase: Phase,
    start: int,
    batches: AugmentedFaces,
    validation: PlainFaces,
    run: RunFolder,
    config: FitConfig,
) -> None:
    """Train the epochs of a phase from `start` on; each leaves a checkpoint and a record."""
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
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )


def _spread(samples: Sequence[FaceSample], most: int) -> list[FaceSample]:
    """At most so many samples, evenly spaced."""
    step = max(1, -(-len(samples) // most))
    return list(samples[::step])
