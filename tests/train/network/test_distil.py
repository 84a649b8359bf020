"""What a teacher of two classes teaches, and what it does not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from train.data.faces.datasets import OUTPUTS, FaceSample
from train.data.splits.split import Split
from train.errors import WeightsError
from train.network import teacher
from train.network.distil import LabelsAndLessons, Lesson, Odds, accuracy, log_odds, targets

LOGITS = np.array([[2.0, -1.0, 0.5, -3.0]], np.float32)
TAUGHT = ("with_mask", "without_mask", "no_face")


def loss_of(
    label: int, lesson: Lesson | None, *, weight: float = 0.5, temperature: float = 2.0
) -> float:
    loss = LabelsAndLessons(OUTPUTS, weight, temperature)
    return float(loss.call(targets(np.array([label]), [lesson]), LOGITS)[0])


def cross_entropy(label: int) -> float:
    return float(np.log(np.exp(LOGITS[0]).sum()) - LOGITS[0, label])


@pytest.mark.parametrize("label", range(4))
def test_without_lesson_the_loss_is_cross_entropy(label: int) -> None:
    assert loss_of(label, None) == pytest.approx(cross_entropy(label), rel=1e-5)


def test_lesson_is_about_masked_against_bare_alone() -> None:
    teacher_says, own = 3.0, LOGITS[0, 0] - LOGITS[0, 2]
    q, p = (1 / (1 + np.exp(-v / 2.0)) for v in (teacher_says, own))
    taught = 4.0 * -(q * np.log(p) + (1 - q) * np.log(1 - p))
    expected = 0.5 * cross_entropy(0) + 0.5 * taught
    assert loss_of(0, Lesson(Odds.MASKED_TO_BARE, teacher_says)) == pytest.approx(
        expected, rel=1e-5
    )


def test_lesson_of_no_face_is_against_all_faces() -> None:
    own = log_odds(LOGITS, OUTPUTS, Odds.NO_FACE_TO_FACE)
    expected = LOGITS[0, 3] - np.log(np.exp(LOGITS[0, :3]).sum())
    np.testing.assert_allclose(own, [expected], rtol=1e-5)
    # the loss is least where the odds agree
    agreed = loss_of(3, Lesson(Odds.NO_FACE_TO_FACE, float(expected)), weight=1.0)
    entropy = -sum(
        p * np.log(p) for p in (1 / (1 + np.exp(-expected / 2)), 1 / (1 + np.exp(expected / 2)))
    )
    assert agreed == pytest.approx(4 * entropy, rel=1e-4)


def test_accuracy_counts_labels() -> None:
    logits = np.repeat(LOGITS, 2, axis=0)
    assert np.asarray(accuracy(targets(np.array([0, 1])), logits)).tolist() == [1.0, 0.0]


def test_loss_is_built_again_from_its_settings() -> None:
    loss = LabelsAndLessons(OUTPUTS, 0.3, 4.0, 0.1)
    again = LabelsAndLessons.from_config(loss.get_config())
    y = targets(np.array([1]), [Lesson(Odds.MASKED_TO_BARE, 1.0)])
    assert float(again.call(y, LOGITS)[0]) == float(loss.call(y, LOGITS)[0])


def test_teacher_is_asked_once_and_only_what_it_knows(
    tiny_split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def logits(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        asked.append(len(crops))
        return np.tile([4.0, 1.0, -2.0], (len(crops), 1))

    monkeypatch.setattr(teacher, "teacher_of", lambda path: (logits, TAUGHT))
    network = tmp_path / "teacher.tflite"
    network.write_bytes(b"first")
    face = tiny_split.train[0]
    no_face = OUTPUTS.index("no_face")
    samples: list[FaceSample] = [
        replace(face, label=OUTPUTS.index("with_mask")),
        replace(face, label=OUTPUTS.index("worn_wrong"), box=(0, 0, 0.9, 0.9)),
        replace(face, label=no_face, box=(0, 0, 0.5, 0.5), origin="false_alarm"),
        replace(face, label=no_face, box=(0, 0, 0.6, 0.6), origin="loose_box"),
    ]
    cache = tmp_path / "teacher.json"
    found = teacher.lessons(network, samples, cache)
    assert set(found) == {samples[0], samples[2]}
    assert found[samples[0]] == Lesson(Odds.MASKED_TO_BARE, 3.0)
    assert found[samples[2]].odds is Odds.NO_FACE_TO_FACE
    assert found[samples[2]].log_odds == pytest.approx(-2.0 - np.log(np.exp(4) + np.exp(1)))
    assert teacher.lessons(network, samples, cache) == found
    assert asked == [2]
    network.write_bytes(b"another")
    teacher.lessons(network, samples[:1], cache)
    assert asked == [2, 1]


def test_missing_teacher_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.tflite"):
        teacher.lessons(tmp_path / "gone.tflite", [], tmp_path / "teacher.json")
