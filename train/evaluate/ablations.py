"""What a configuration of the ablations is measured on, in float32."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.intervals import wilson_interval
from maskdet_core.records.ablations import FALSE_ALARMS, LOOSE_BOXES, AblationTest
from maskdet_core.types import MASK_CLASSES, NO_FACE, WITH_MASK, WITHOUT_MASK
from train.data.negatives import hard_negatives
from train.data.splits.split import Split
from train.evaluate import test_sets
from train.evaluate.calibration import MAX_FACES_DROPPED
from train.evaluate.judged import truths
from train.evaluate.loose_boxes import loose_tests
from train.evaluate.slices import coarse
from train.network.export import float_logits

COARSE_PX: Final = 20
"""Faces are also tested at this size: that of the smallest third in street pictures."""


@dataclass(frozen=True, slots=True)
class LabelTest:
    """Faces whose labels are counted.

    Attributes:
        name: for the table.
        crops: uint8 RGB (N, 128, 128, 3).
        truth: (N,) index in `MASK_CLASSES`.
    """

    name: str
    crops: NDArray[np.uint8]
    truth: NDArray[np.int64]


def tests(split: Split, hands: Path) -> list[LabelTest]:
    """The leak-free faces: plain, coarse, with a hand; streets and the wild where there are any.

    Args:
        split: faces by side.
        hands: pictures of hands.
    """
    faces = test_sets.mask_or_bare(split)
    plain = test_sets.crops_of(faces)
    covered = test_sets.hands(split, hands).crops
    truth = truths(faces)
    masked = truth == MASK_CLASSES.index(WITH_MASK)
    every = [
        LabelTest("new people", plain, truth),
        LabelTest(f"the same, {COARSE_PX} px wide", coarse(plain, COARSE_PX), truth),
        LabelTest("hand over a bare mouth", covered[~masked], truth[~masked]),
        LabelTest("mask with a hand near", covered[masked], truth[masked]),
        *(
            LabelTest(name, test.crops, truths(test.faces))
            for name, found in (
                ("street photographs", test_sets.street(split)),
                ("faces in the wild", test_sets.wild(split)),
            )
            for test in found
        ),
    ]
    return [test for test in every if len(test.truth)]


def measure(
    model: keras.Model, outputs: Sequence[str], tests: Sequence[LabelTest]
) -> list[AblationTest]:
    """Right labels of each test.

    Args:
        model: the network.
        outputs: names of its logits, in order.
        tests: what to measure on; faces of a class that the network does not know are wrong.
    """
    names = [name for name in outputs if name != NO_FACE]
    columns = [outputs.index(name) for name in names]
    label_of = np.array([MASK_CLASSES.index(name) for name in names])
    rows = []
    for test in tests:
        labels = label_of[float_logits(model, test.crops)[:, columns].argmax(axis=1)]
        rows.append(_row(test.name, int((labels == test.truth).sum()), len(test.truth)))
    return rows


def measure_dropped(
    model: keras.Model,
    outputs: Sequence[str],
    split: Split,
    without_face: Mapping[str, NDArray[np.uint8]],
) -> list[AblationTest]:
    """Pictures of no face that the network drops, at the loss of faces that export allows.

    Args:
        model: the network; one without the output "no face" drops none.
        outputs: names of its logits, in order.
        split: its validation faces set the threshold.
        without_face: crops (N, 128, 128, 3) by the test's name.
    """
    if NO_FACE not in outputs:
        return [_row(name, 0, len(crops)) for name, crops in without_face.items()]

    def margins(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        return _face_margin(float_logits(model, crops), outputs.index(NO_FACE))

    threshold = np.quantile(margins(test_sets.crops_of(split.validation)), MAX_FACES_DROPPED)
    return [
        _row(name, int((margins(crops) < threshold).sum()), len(crops))
        for name, crops in without_face.items()
    ]


def pictures_without_face(
    path: Path, split: Split, finder: CascadeFaceFinder, seed: int
) -> dict[str, NDArray[np.uint8]]:
    """Crops (N, 128, 128, 3) of held-out photographs by test: false positives and loose boxes.

    Args:
        path: see `false_positives`.
        split: faces by side.
        finder: see `false_positives`.
        seed: see `false_positives`.
    """
    faces = [*split.leak_free_test, *split.street_test]
    bare = [test.crops for test in loose_tests(faces) if test.of == WITHOUT_MASK]
    found = {FALSE_ALARMS: false_positives(path, split, finder, seed)}
    return found | ({LOOSE_BOXES: bare[0]} if bare else {})


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


def _face_margin(logits: NDArray[np.float64], no_face: int) -> NDArray[np.float64]:
    """Log odds of a face (N,), where `no_face` is the column of that output."""
    margin: NDArray[np.float64] = (
        np.logaddexp.reduce(np.delete(logits, no_face, axis=1), axis=1) - logits[:, no_face]
    )
    return margin


def _row(name: str, n_good: int, n: int) -> AblationTest:
    return {
        "name": name,
        "n": n,
        "n_good": n_good,
        "value": n_good / n if n else 0.0,
        "ci95": list(wilson_interval(n_good, n)),
    }
