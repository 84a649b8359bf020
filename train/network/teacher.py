"""A teacher's lessons, computed once a run from plain crops and kept in its folder.

At every step on augmented crops they would cost more than the training itself: the whole network
takes 5 to 15 times as long as the slim one. A teacher that sees the plain crop also gives the
better answer, which the student learns to give under every augmentation of it. The price of such a
fixed teacher is that the two functions match less well (Beyer et al., CVPR 2022).
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskdet_core.files import file_sha256, write_atomic
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.types import NO_FACE, WITH_MASK, WITHOUT_MASK
from train.data.faces.datasets import OUTPUTS, FaceSample
from train.data.faces.images import plain_crop
from train.errors import RunError
from train.network.config import TRAINED_FILE
from train.network.distil import Lesson, Odds, log_odds
from train.network.start_weights import require_teacher

FALSE_ALARM = "false_alarm"

_PART = 512
"""Crops between two writes of the file; an interruption costs so many at most."""

Logits = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def teacher_of(path: Path) -> tuple[Logits, tuple[str, ...]]:
    """A teacher's function from crops (N, 128, 128, 3) to logits, and the names of these.

    Args:
        path: see `train.network.config.FitConfig.teacher`.

    Raises:
        RunError: a `.keras` file that is not a run's.
        ModelError: a manifest or network that is damaged.
    """
    if path.suffix == ".keras":
        from train.network.export import float_logits, load_trained, network_of

        if path.name != TRAINED_FILE:
            raise RunError(f"expected the {TRAINED_FILE} of a run, got {path}")
        model = load_trained(path.parent)
        return lambda crops: float_logits(model, crops), network_of(path.parent).outputs
    classifier = MaskClassifier.from_manifest(path.with_suffix(".json"))
    return classifier.logits, classifier.manifest.classes


def lessons(teacher: Path, samples: Sequence[FaceSample], cache: Path) -> dict[FaceSample, Lesson]:
    """What the teacher says of the samples that it knows the class of.

    Args:
        teacher: see `teacher_of`.
        samples: to train on.
        cache: file of JSON that keeps the answers; one by the same teacher is used and added to.

    Returns:
        A lesson for each labelled masked or bare face, and each false alarm of the finder.

    Raises:
        WeightsError: no such file, or one of another kind.
        RunError, ModelError: see `teacher_of`.
    """
    require_teacher(teacher)
    digest = file_sha256(teacher)
    known = _read(cache, digest)
    wanted = {sample: kind for sample in samples if (kind := _kind(sample)) is not Odds.NONE}
    missing = [sample for sample in wanted if _key(sample) not in known]
    if missing:
        logits, names = teacher_of(teacher)
        if NO_FACE not in names:
            wanted = {s: kind for s, kind in wanted.items() if kind is Odds.MASKED_TO_BARE}
            missing = [sample for sample in missing if sample in wanted]
        for i in tqdm(range(0, len(missing), _PART), "teacher", unit=f"{_PART} crops"):
            part = missing[i : i + _PART]
            answers = logits(np.stack([plain_crop(sample) for sample in part]))
            for kind in set(Odds) - {Odds.NONE}:
                here = [j for j, sample in enumerate(part) if wanted[sample] is kind]
                if here:
                    odds = np.asarray(log_odds(answers[here], names, kind), np.float64)
                    known |= {_key(part[j]): float(v) for j, v in zip(here, odds, strict=True)}
            write_atomic(cache, json.dumps({"teacher": digest, "log_odds": known}))
    return {s: Lesson(kind, known[_key(s)]) for s, kind in wanted.items() if _key(s) in known}


def _kind(sample: FaceSample) -> Odds:
    name = OUTPUTS[sample.label]
    if name in (WITH_MASK, WITHOUT_MASK) and sample.origin == "labelled":
        return Odds.MASKED_TO_BARE
    # boxes that are loose or off show parts of faces, which the teacher was never taught to refuse
    if name == NO_FACE and sample.origin == FALSE_ALARM:
        return Odds.NO_FACE_TO_FACE
    return Odds.NONE


def _key(sample: FaceSample) -> str:
    return f"{sample.key} {sample.box}"


def _read(cache: Path, digest: str) -> dict[str, float]:
    """Log odds by sample, none where the file is of another teacher, or cut off."""
    try:
        record = json.loads(cache.read_text(encoding="utf-8"))
        return dict(record["log_odds"]) if record["teacher"] == digest else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
