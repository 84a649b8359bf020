"""Networks of different widths on the same faces: what they get right, and how long they take."""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from maskdet_core.intervals import wilson_interval
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.records.widths import WidthTest
from train.data.faces.datasets import FaceSample
from train.data.splits.split import Split
from train.evaluate import test_sets
from train.evaluate.judged import class_probabilities, truths
from train.evaluate.slices import side_px

ROUNDS = 60
"""Crops that each network is timed on, in turn with the others."""
_WARM_UP = 3

Crops = NDArray[np.uint8]


def width_tests(split: Split) -> dict[str, tuple[Crops, NDArray[np.int64]]]:
    """Crops and classes of each test by name; tests without a face are left out.

    Leak-free faces of the sets without a third class are masked or bare; street and wild faces are
    of three classes.
    """
    street = [face for face in split.street_test if side_px(face) >= test_sets.STREET_MIN_PX]
    faces: Mapping[str, Sequence[FaceSample]] = {
        "leak-free, mask or bare": test_sets.mask_or_bare(split),
        "street": street,
        "wild": split.wild_test,
    }
    return {
        name: (test_sets.crops_of(chosen), truths(chosen))
        for name, chosen in faces.items()
        if chosen
    }


def measure(
    classifier: MaskClassifier, tests: Mapping[str, tuple[Crops, NDArray[np.int64]]]
) -> dict[str, WidthTest]:
    """How many faces of each test have the right class as their most probable."""
    found: dict[str, WidthTest] = {}
    for name, (crops, truth) in tests.items():
        predictions = predictions_from_logits(classifier.logits(crops), classifier.manifest)
        right = int((class_probabilities(predictions).argmax(axis=1) == truth).sum())
        low, high = wilson_interval(right, len(truth))
        found[name] = {"n": len(truth), "right": right, "low": low, "high": high}
    return found


def times_ms(
    classifiers: Mapping[str, MaskClassifier], crop: Crops, rounds: int = ROUNDS
) -> dict[str, float]:
    """Median time of one crop (128, 128, 3) by name, ms.

    All take turns in one process, so that whatever else the machine does slows all alike.

    Args:
        classifiers: of one thread each.
        crop: uint8 RGB.
        rounds: of taking turns, 1 or more.
    """
    took: dict[str, list[float]] = {name: [] for name in classifiers}
    for turn in range(-_WARM_UP, rounds):
        for name, classifier in classifiers.items():
            started = time.perf_counter()
            classifier.logits(crop[None])
            if turn >= 0:
                took[name].append(1000 * (time.perf_counter() - started))
    return {name: float(np.median(each)) for name, each in took.items()}
