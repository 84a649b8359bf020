from dataclasses import replace

import numpy as np
import pytest

from maskdet_core.intervals import wilson_interval
from maskdet_core.masks.manifest import ModelManifest
from train.evaluate.judged import Judged
from train.evaluate.metrics import THRESHOLDS, by_threshold, evaluate_set, label_agreement

FOUR = ModelManifest(
    *("m", "m.tflite", "0" * 64, 1),
    classes=("with_mask", "worn_wrong", "without_mask", "no_face"),
    min_confidence=0.7,
    min_face_probability=0.5,
)
TWO = ModelManifest("m", "m.tflite", "0" * 64, 1, min_confidence=0.7)
MASK, WRONG, BARE = 0, 1, 2


def four(rows: list[list[float]]) -> np.ndarray:
    """Logits of probabilities."""
    return np.log(np.array(rows) + 1e-12)


def test_three_classes_against_what_is_shown() -> None:
    truth = np.array([MASK, MASK, WRONG, WRONG, BARE, BARE])
    logits = four(
        [
            [0.9, 0.05, 0.04, 0.01],
            [0.5, 0.49, 0.0, 0.01],
            [0.9, 0.05, 0.04, 0.01],
            [0.1, 0.8, 0.09, 0.01],
            [0.0, 0.0, 1.0, 0.0],
            [0.05, 0.0, 0.15, 0.8],
        ]
    )
    judged = Judged.of(truth, logits, FOUR)
    record = evaluate_set("s", "S", "", judged)
    assert record["confusion"] == [[2, 0, 0], [1, 1, 0], [0, 0, 2]]
    # the second masked face is not sure, the last one is no face: neither is a wrong verdict
    assert record["verdicts"] == [[1, 0, 0, 1, 0], [1, 1, 0, 0, 0], [0, 0, 1, 0, 1]]
    assert (record["n"], record["n_correct"]) == (6, 5)
    assert (record["n_not_sure"], record["n_wrong_sure"]) == (1, 1)
    assert record["per_class"]["worn_wrong"]["recall"] == 0.5
    assert record["per_class"]["worn_wrong"]["n_wrong_sure"] == 1
    assert record["per_class"]["with_mask"]["recall"] == 1
    assert record["per_class"]["with_mask"]["shown_right"]["value"] == 0.5
    assert record["per_class"]["with_mask"]["ci95"] == list(wilson_interval(2, 2))
    assert record["mask_or_not"]["n_hits"] == 5


def test_counts_by_threshold_are_the_verdicts_at_each() -> None:
    chance = np.random.default_rng(3)
    truth = chance.integers(0, 2, 400)
    logits = chance.normal(0, 2, (400, 4))
    at = {t: Judged.of(truth, logits, replace(FOUR, min_confidence=t)) for t in THRESHOLDS[::7]}
    record = by_threshold(at[0.5])
    assert record["min_confidence"][0] == 0.5 and record["min_confidence"][-1] == 0.99
    assert list(record["verdicts"]) == ["with_mask", "worn_wrong"]
    for position, judged in enumerate(at.values()):
        verdicts = evaluate_set("s", "S", "", judged)["verdicts"]
        for row, said in zip(verdicts, record["verdicts"].values(), strict=False):
            assert [counts[7 * position] for counts in said.values()] == row[:3]


def test_network_of_two_classes_never_says_worn_wrong() -> None:
    truth = np.array([MASK, WRONG, BARE])
    judged = Judged.of(truth, np.array([[4.0, 0.0], [4.0, 0.0], [0.0, 4.0]]), TWO)
    record = evaluate_set("s", "S", "", judged)
    assert record["confusion"] == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert record["verdicts"] == [[1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0]]
    without_third = evaluate_set("s", "S", "", judged.part(truth != WRONG))
    assert list(without_third["per_class"]) == ["with_mask", "without_mask"]


def test_a_failed_network_is_never_sure() -> None:
    judged = Judged.of(np.array([BARE]), np.array([[np.nan, 0.0]]), TWO)
    assert evaluate_set("s", "S", "", judged)["n_not_sure"] == 1
    assert not judged.wrong_sure.any()


def test_curves_rank_masks_above_the_rest() -> None:
    p = np.array([0.9, 0.55, 0.2, 0.1, 0.6])
    logits = np.column_stack([np.log(p), np.log(1 - p)])
    truth = np.array([MASK, MASK, MASK, BARE, BARE])
    record = evaluate_set("s", "S", "", Judged.of(truth, logits, TWO))
    # pairs of a masked and a bare face ranked rightly: 2 + 1 + 1 of 6
    assert record["roc"]["auc"] == pytest.approx(4 / 6)
    # precision at each masked face: 1/1, 2/3, 3/4
    assert record["pr"]["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_agreement_is_on_the_label_of_a_face() -> None:
    in_float = np.array([[3.0, 1, 0, 9], [0, 2, 1, 0], [0, 0, 1, 0]])
    in_int8 = np.array([[3.0, 1, 0, -9], [0, 1, 2, 0], [0, 0, 1, 0]])
    assert label_agreement(in_float, in_int8, FOUR) == {"n": 3, "n_same": 2, "value": 2 / 3}
