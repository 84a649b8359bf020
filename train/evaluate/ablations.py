"""What a configuration of the ablations is measured on, in float32."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.run_records import AblationTest
from train.data import hard_negatives
from train.data.datasets import CLASSES, OUTPUTS
from train.data.split import Split
from train.evaluate import test_sets
from train.evaluate.calibration import MAX_FACES_DROPPED
from train.evaluate.intervals import wilson_interval
from train.evaluate.slices import coarse
from train.network.export import float_logits

COARSE_PX = 20
"""Faces are also tested at this size: that of the smallest third in street pictures."""

_DROPPED = "no face, dropped"


@dataclass(frozen=True, slots=True)
class LabelTest:
    """Faces whose labels are counted.

    Attributes:
        name: for the table.
        crops: uint8 RGB (N, 128, 128, 3).
        masked: (N,) ground truth.
    """

    name: str
    crops: NDArray[np.uint8]
    masked: NDArray[np.bool_]


def tests(split: Split, hands: Path) -> list[LabelTest]:
    """The leak-free faces: plain, coarse, and with a hand.

    Args:
        split: faces by side.
        hands: pictures of hands.
    """
    plain = test_sets.leak_free(split)
    covered = test_sets.hands(split, hands).crops
    masked = np.array([CLASSES[s.label] == "with_mask" for s in plain.faces])
    every = [
        LabelTest("new people", plain.crops, masked),
        LabelTest(f"the same, {COARSE_PX} px wide", coarse(plain.crops, COARSE_PX), masked),
        LabelTest("hand over a bare mouth", covered[~masked], masked[~masked]),
        LabelTest("mask with a hand near", covered[masked], masked[masked]),
    ]
    return [test for test in every if len(test.masked)]


def measure(model: keras.Model, tests: Sequence[LabelTest]) -> list[AblationTest]:
    """Right labels of each test."""
    rows = []
    for test in tests:
        logits = float_logits(model, test.crops)
        n_good = int(((logits[:, 0] > logits[:, 1]) == test.masked).sum())
        rows.append(_row(test.name, n_good, len(test.masked)))
    return rows


def measure_dropped(
    model: keras.Model, split: Split, false_positives: NDArray[np.uint8]
) -> AblationTest:
    """False positives that the network drops, at the loss of faces that export allows.

    Args:
        model: the network; one without a third output drops none.
        split: its validation faces set the threshold.
        false_positives: crops (N, 128, 128, 3).
    """
    if model.output_shape[-1] < len(OUTPUTS):
        return _row(_DROPPED, 0, len(false_positives))
    faces, others = (
        _face_margin(float_logits(model, crops))
        for crops in (test_sets.crops_of(split.validation), false_positives)
    )
    threshold = np.quantile(faces, MAX_FACES_DROPPED)
    return _row(_DROPPED, int((others < threshold).sum()), len(others))


def false_positives(
    path: Path, split: Split, finder: CascadeFaceFinder, seed: int
) -> NDArray[np.uint8]:
    """Crops (N, 128, 128, 3) of the finder's false positives in held-out photographs.

    Args:
        path: file that keeps their boxes between runs.
        split: faces by side.
        finder: with a low minimum score.
        seed: of what is drawn at random.
    """
    held_out = split.leak_free_test
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        found = hard_negatives.find_hard_negatives(held_out, finder, seed)
        hard_negatives.save(path, found)
    return test_sets.crops_of(hard_negatives.load(path, held_out))


@contextmanager
def released(model: keras.Model) -> Iterator[keras.Model]:
    """Give the model, then release what Keras keeps of it."""
    yield model
    keras.backend.clear_session()


def _face_margin(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.logaddexp(logits[:, 0], logits[:, 1]) - logits[:, 2]


def _row(name: str, n_good: int, n: int) -> AblationTest:
    return {
        "name": name,
        "n": n,
        "n_good": n_good,
        "value": n_good / n if n else 0.0,
        "ci95": list(wilson_interval(n_good, n)),
    }
