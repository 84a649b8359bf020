"""Training: the upper blocks on fixed lower ones, then deeper."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import keras

from maskdet_core.cpu import n_cores
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.records.runs import DatasetRecord, RunRecord
from train.augment.clothing import wear
from train.augment.hands import HandPaster, split_hands
from train.augment.kit import AugmentKit
from train.augment.masks import MaskPainter
from train.augment.objects import hold_object
from train.data.faces.datasets import FaceSample
from train.data.faces.eyes import find_eyes
from train.data.files.records import now_iso
from train.data.files.result_cache import NO_CACHE, CacheFiles
from train.data.negatives import hard_negatives
from train.data.negatives.loose_boxes import loose_box_samples
from train.data.splits.split import Split, require_trainable
from train.errors import RunError
from train.network.batches import AugmentedFaces, PlainFaces
from train.network.config import HEAD_ONLY, FitConfig, NetworkConfig
from train.network.distil import Lesson
from train.network.inputs import TrainingInputs, ValidationInputs
from train.network.phases import phases, save_whole, train_phase
from train.network.run_folder import RunFolder
from train.network.teacher import lessons
from train.network.vgg19 import blocks_given, build_model

BFLOAT16_FEATURES: Final = {"amx_bf16", "avx512_bf16"}
"""Names in `/proc/cpuinfo` of the instructions that multiply in bfloat16."""


def fit(
    config: FitConfig,
    split: Split,
    finder: CascadeFaceFinder | None,
    out: Path,
    hands: Path | None,
    *,
    resume: bool,
    caches: CacheFiles = NO_CACHE,
    teacher_cache: Path | None = None,
) -> Path:
    """Train a network and return the path of the finished `.keras` file.

    Args:
        config: settings of the run.
        split: faces by side; only `train` and `validation` are used.
        finder: with a low minimum score, to find hard negatives in the training photographs; None
            leaves the output "no face" without pictures.
        out: run folder; each whole epoch leaves a checkpoint and a metrics record there.
        hands: folder of hands to lay over faces, or None where the configuration wants none.
        resume: go on after the last whole epoch; the result equals that of a run without a break.
        caches: files of what takes minutes to find, shared by runs.
        teacher_cache: file that keeps the teacher's answers, for several runs of one teacher; None
            keeps them in the run's folder.

    Raises:
        RunError: `out` does not fit, see `RunFolder.validate`, or pictures of hands are missing.
        DataError: the sets are too small.
        WeightsError: the start weights do not fit.
    """
    config = _resolved(config, hands)
    require_trainable(split)
    run = RunFolder(out)
    record = _run_record(out.name, config, split)
    run.validate(record, resume=resume)
    epochs_done = len(run.epochs()) if resume else 0
    # before the folder is made: start weights that do not fit must leave nothing behind
    model = _start_model(run, config, epochs_done)
    run.start(record)
    try:
        faces = [*split.train, *_without_face(run, split, finder, config, caches, resume=resume)]
        taught: dict[FaceSample, Lesson] = {}
        if config.teacher is not None:
            taught = lessons(Path(config.teacher), faces, teacher_cache or run.teacher)
        kit = _kit(config, split, hands, caches)
        validation = ValidationInputs(
            PlainFaces(
                _spread(split.validation, config.max_validation),
                batch_size=config.batch_size,
                outputs=config.network.outputs,
            )
        )
        for phase in phases(config):
            start = max(phase.first, epochs_done)
            if start < phase.last:
                batches = AugmentedFaces(faces, config, epoch=start, kit=kit, workers=n_cores())
                inputs = TrainingInputs(batches, faces, taught)
                train_phase(model, phase, start, inputs, validation, run, config)
    except BaseException:
        run.set_status("interrupted")
        raise
    save_whole(_without_optimizer(model, config.network), run.final)
    run.set_status("finished")
    return run.final


def _without_optimizer(model: keras.Model, network: NetworkConfig) -> keras.Model:
    """The trained network alone: Keras would save the optimizer with it."""
    final = build_model("none", network)
    final.set_weights(model.get_weights())
    return final


def _resolved(config: FitConfig, hands: Path | None) -> FitConfig:
    """The configuration as it will be trained.

    Raises:
        RunError: pictures of hands are missing, or the start weights saw a set to hold out.
        WeightsError: fixed features need start weights that cannot be read.
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
    if not config.hold_out or not config.weights.endswith(".keras"):
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


def _without_face(
    run: RunFolder,
    split: Split,
    finder: CascadeFaceFinder | None,
    config: FitConfig,
    caches: CacheFiles,
    *,
    resume: bool,
) -> list[FaceSample]:
    """False alarms of the finder, found and confirmed, and loose boxes, of the same photographs."""
    if finder is None or not config.network.no_face:
        return []
    path = run.hard_negatives
    if not (resume and path.exists()):
        found = hard_negatives.find_hard_negatives(
            split.train, finder, config.seed, caches.hard_negatives
        )
        hard_negatives.save(path, found)
    # read back the first time too, so that a resumed run gets exactly the same
    return [
        *hard_negatives.load(path, split.train),
        *hard_negatives.confirmed_samples(split.train),
        *(loose_box_samples(split.train) if config.loose_boxes else []),
    ]


def _kit(config: FitConfig, split: Split, hands: Path | None, caches: CacheFiles) -> AugmentKit:
    """What the configuration lays over faces."""
    augment = config.augment
    drawn = augment.drawn_mask + augment.drawn_wrong > 0
    return AugmentKit(
        hands=HandPaster(split_hands(hands)[0]) if config.hands and hands is not None else None,
        masks=MaskPainter() if drawn else None,
        objects=hold_object if augment.objects else None,
        clothing=wear if augment.clothing else None,
        eyes=find_eyes(split.train, caches.eyes) if drawn or augment.clothing else {},
    )


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
        features = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        features = []
    fast = not BFLOAT16_FEATURES.isdisjoint(features)
    return "mixed_bfloat16" if fast or keras.backend.backend() != "tensorflow" else "float32"


def _spread(samples: Sequence[FaceSample], most: int) -> list[FaceSample]:
    """At most so many samples, evenly spaced."""
    step = max(1, -(-len(samples) // most))
    return list(samples[::step])
