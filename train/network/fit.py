"""Training in two phases: the upper blocks on fixed lower ones, then deeper."""

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from train.augment.hands import HandPaster, split_hands
from train.data import hard_negatives as no_faces
from train.data.datasets import FaceSample
from train.data.runs import RunFolder, now_iso
from train.data.split import Split
from train.errors import RunError
from train.network.batches import AugmentedFaces, PlainFaces
from train.network.config import HEAD_ONLY, FitConfig
from train.network.vgg19 import blocks_given, build_model, train_from

NO_FACES_FILE = "no_faces.json"
"""In the run's folder: where the training photographs show no face."""


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
        split: faces by side; only `train` and `validation` are looked at.
        finder: with a low least score, to find candidates of the training photographs that show
            no face; None leaves the third output without pictures.
        out: run folder; each whole epoch leaves a checkpoint and a metrics record there.
        hands: folder of hands to lay over faces, or None where the configuration wants none.
        resume: go on after the last whole epoch; the result equals that of a run without a break.

    Raises:
        RunError: `out` does not fit, see `RunFolder.start`, or hands are wanted and not given.
    """
    if config.hands and hands is None:
        raise RunError("expected pictures of hands: give --hands DIR, or --no-hands to do without")
    _check_start(config)
    config = _fit_blocks(config)
    run = RunFolder(out)
    policy = _policy(config.precision)
    validation = _spread(split.validation, config.max_validation)
    run.start(
        {
            "format": 1,
            "name": out.name,
            "started": now_iso(),
            "config": config.record(),
            "datasets": _count(split),
            "epochs_total": config.epochs_total,
            "status": "running",
        },
        resume=resume,
    )
    without = []
    if config.network.no_face:
        without = _no_faces(out / NO_FACES_FILE, split, finder, config.seed, resume=resume)
    keras.mixed_precision.set_global_policy(policy)
    keras.utils.set_random_seed(config.seed)
    done = len(run.epochs()) if resume else 0
    if resume and done and not run.checkpoint.exists():
        raise RunError(f"expected a checkpoint at {run.checkpoint}; start anew in another folder")
    paster = HandPaster(split_hands(hands)[0]) if config.hands and hands is not None else None
    model = (
        keras.models.load_model(run.checkpoint)
        if done
        else build_model(config.weights, config.network)
    )
    try:
        phases = (
            ("frozen", 0, config.frozen_epochs),
            ("full", config.frozen_epochs, config.epochs_total),
        )
        for phase, first, last in phases:
            if first == last or done >= last:
                continue
            start = max(first, done)
            if start == first:
                _compile(model, config, phase, last - first)
            model.fit(
                AugmentedFaces(
                    [*split.train, *without],
                    batch_size=config.batch_size,
                    seed=config.seed,
                    epoch=start,
                    epoch_samples=config.epoch_samples,
                    set_balance=config.set_balance,
                    config=config.augment,
                    hands=paster,
                    workers=os.cpu_count() or 1,
                ),
                # the order is drawn from the seed already; Keras would shuffle it without one
                shuffle=False,
                validation_data=PlainFaces(validation, batch_size=config.batch_size),
                initial_epoch=start,
                epochs=last,
                # validation sees the averaged weights; the checkpoint holds both
                callbacks=[keras.callbacks.SwapEMAWeights(), EpochRecorder(run, phase, config)],
            )
            # the phase ends with the averaged weights, and the next one starts from them
            save_whole(model, run.checkpoint)
    except BaseException:
        run.set_status("interrupted")
        raise
    save_whole(model, run.final, include_optimizer=False)
    run.set_status("finished")
    return run.final


class EpochRecorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Saves the checkpoint, then the metrics record, after each epoch."""

    def __init__(self, run: RunFolder, phase: str, config: FitConfig) -> None:
        super().__init__()
        self._run, self._phase, self._config = run, phase, config
        self._began_s = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the epoch's clock."""
        self._began_s = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write checkpoint and record, each in one step."""
        save_whole(self.model, self._run.checkpoint)
        values = {key: float(value) for key, value in (logs or {}).items()}
        rate = self.model.optimizer.learning_rate
        self._run.add_epoch(
            {
                "epoch": epoch + 1,
                "phase": self._phase,
                **values,
                "learning_rate": float(keras.ops.convert_to_numpy(rate)),
                "samples": self._config.epoch_samples,
                "seconds": round(time.monotonic() - self._began_s, 1),
                "finished_at": now_iso(),
            }
        )


def save_whole(model: keras.Model, path: Path, **options: Any) -> None:
    """Write a model file whole or not at all.

    Args:
        model: what to save.
        path: `.keras` file; what stood there stays until the new one is whole.
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


def _check_start(config: FitConfig) -> None:
    """A trained network to start from must not have seen what this run holds out."""
    if not config.weights.endswith(".keras"):
        return
    before = RunFolder(Path(config.weights).parent).read().get("config", {})
    missing = sorted(set(config.hold_out) - set(before.get("hold_out", [])))
    if missing:
        raise RunError(
            f"expected start weights that held out {', '.join(missing)} too, got {config.weights}"
        )


def _fit_blocks(config: FitConfig) -> FitConfig:
    """Fixed features end where the start weights do: fixed at random, they would say nothing."""
    if HEAD_ONLY not in (config.frozen_from, config.full_from):
        return config
    blocks = min(config.network.blocks, max(1, blocks_given(config.weights)))
    return replace(config, network=replace(config.network, blocks=blocks))


def _compile(model: keras.Model, config: FitConfig, phase: str, epochs: int) -> None:
    frozen = phase == "frozen"
    train_from(model, config.frozen_from if frozen else config.full_from)
    peak = config.learning_rate if frozen else config.full_learning_rate
    steps = max(1, config.epoch_samples // config.batch_size) * epochs
    warmup = max(1, int(config.warmup_share * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / 100,
        warmup_target=peak,
        warmup_steps=warmup,
        decay_steps=max(1, steps - warmup),
        alpha=0.3 if frozen else 0.01,
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


def _no_faces(
    path: Path, split: Split, finder: CascadeFaceFinder | None, seed: int, *, resume: bool
) -> list[FaceSample]:
    if finder is None:
        return []
    if not (resume and path.exists()):
        no_faces.save(path, no_faces.find_no_faces(split.train, finder, seed))
    # also the first time, so that a resumed run sees the very same
    return no_faces.load(path, split.train)


def _policy(precision: str) -> str:
    if precision != "auto":
        return precision
    try:
        fast = " amx_bf16 " in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        fast = False
    return "mixed_bfloat16" if fast or keras.backend.backend() != "tensorflow" else "float32"


def _spread(samples: Sequence[FaceSample], most: int) -> list[FaceSample]:
    step = max(1, -(-len(samples) // most))
    return list(samples[::step])


def _count(split: Split) -> list[dict[str, Any]]:
    sides = {
        "n_train": Counter(s.dataset for s in split.train),
        "n_validation": Counter(s.dataset for s in split.validation),
        "n_test": Counter(s.dataset for s in split.leak_free_test),
    }
    names = sorted(set().union(*sides.values()))
    return [{"name": n, **{side: c[n] for side, c in sides.items()}} for n in names]
