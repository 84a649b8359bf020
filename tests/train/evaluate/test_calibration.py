import numpy as np
import pytest

from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import MASK_CLASSES
from train.evaluate.calibration import (
    MAX_NOT_SURE,
    STREET_SHARES,
    calibrated,
    calibration_error,
    class_calibration_error,
    fit_offsets,
    fit_temperature,
    min_confidence,
    min_face_probability,
    risk_coverage,
)

THREE = ModelManifest(
    "m", "m.tflite", "0" * 64, 1, classes=("with_mask", "worn_wrong", "without_mask", "no_face")
)
TWO = ModelManifest("m", "m.tflite", "0" * 64, 1, classes=("without_mask", "with_mask", "no_face"))


def draws(temperature: float, n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits of faces whose true odds are the logits' over a temperature."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 4, (n, 3))
    shares = np.exp(logits / temperature)
    shares /= shares.sum(axis=1, keepdims=True)
    truth = (rng.random(n)[:, None] > shares.cumsum(axis=1)).sum(axis=1)
    return np.column_stack([logits, np.full(n, -40.0)]), truth


def softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_found_again(temperature: float) -> None:
    assert fit_temperature(*draws(temperature), THREE) == pytest.approx(temperature, rel=0.06)


def test_temperature_of_two_classes_leaves_the_third_out() -> None:
    logits, truth = draws(2.0)
    two = logits[:, [2, 0, 3]]
    known = truth != 1
    assert fit_temperature(two, truth, TWO) == fit_temperature(two[known], truth[known], TWO)
    assert fit_temperature(two, truth, TWO) == pytest.approx(2.0, rel=0.06)
    with pytest.raises(ValueError, match="with_mask, without_mask, got none"):
        fit_temperature(two[~known], truth[~known], TWO)


@pytest.mark.parametrize("temperature", [0.7, 1.0, 2.0])
def test_offsets_undo_those_of_the_training(temperature: float) -> None:
    logits, truth = draws(temperature)
    trained = logits + np.array([0.5, 2.0, -1.0, 0.0])
    offsets = fit_offsets(trained, truth, THREE.classes)
    # the classes are drawn equally often, and met as often as the street shares say
    met = temperature * np.log([STREET_SHARES[name] for name in MASK_CLASSES])
    # the common part of the three changes nothing: the first stays
    expected = [0.0, -1.5 + met[1] - met[0], 1.5 + met[2] - met[0], 0.0]
    np.testing.assert_allclose(offsets, expected, atol=0.15 * temperature)


def test_offsets_follow_names_and_stay_small_without_faces_of_a_class() -> None:
    logits, truth = draws(1.0)
    known = truth != 1
    order = [2, 0, 1, 3]
    names = tuple(THREE.classes[i] for i in order)
    offsets = fit_offsets(logits[known][:, order], truth[known], names)
    bare = np.log(STREET_SHARES["without_mask"] / STREET_SHARES["with_mask"])
    # the first class of the names' order in MASK_CLASSES keeps 0
    assert offsets[1] == 0
    assert offsets[0] == pytest.approx(bare, abs=0.2)
    assert -30 < offsets[2] < -5
    two = fit_offsets(logits[known][:, [2, 0, 3]], truth[known], TWO.classes)
    assert two[1] == two[2] == 0
    assert two[0] == pytest.approx(bare, abs=0.1)
    separable = fit_offsets(50.0 * np.eye(4)[truth], truth, THREE.classes)
    assert np.abs(separable).max() < 5


def test_calibration_lowers_the_calibration_error() -> None:
    logits, truth = draws(3.0)
    fitted = calibrated(THREE, logits, truth)
    raw, softer = softmax(logits[:, :3]), softmax(logits[:, :3] / fitted.temperature)
    assert calibration_error(raw, truth)[0] > 0.15
    error, bins = calibration_error(softer, truth)
    assert error < 0.015
    assert sum(b["n"] for b in bins) == len(truth)
    assert all(abs(b["mean_p"] - b["share_right"]) < 0.06 for b in bins)
    assert (class_calibration_error(raw, truth) > 0.08).all()
    assert (class_calibration_error(softer, truth) < 0.015).all()
    assert 0.6 <= fitted.min_confidence < 1
    assert fitted.min_face_probability == 0.9, "all are faces, and surely so"


def test_each_class_has_an_error_of_its_own() -> None:
    p = np.tile([0.8, 0.2, 0.0], (10, 1))
    truth = np.array([0] * 5 + [1] * 5)
    np.testing.assert_allclose(class_calibration_error(p, truth), [0.3, 0.3, 0.0])
    assert calibration_error(p, truth)[0] == pytest.approx(0.3)


def test_thresholds_take_no_more_than_they_may() -> None:
    top = np.concatenate([np.full(985, 0.99), np.linspace(0.5, 0.9, 15)])
    p = np.column_stack([top, 1 - top, 0 * top])
    chosen = min_confidence(p)
    assert np.mean(top < chosen) <= MAX_NOT_SURE
    assert chosen > 0.85
    assert min_confidence(np.full((10, 2), 0.5)) == 0.6, "bounded below"
    faces = np.linspace(0, 1, 1001)
    assert min_face_probability(faces) == 0.05, "bounded below"
    assert min_face_probability(np.linspace(0.4, 1, 1001)) == pytest.approx(0.4018, abs=1e-3)


def test_risk_falls_as_verdicts_are_withheld() -> None:
    top = np.array([0.99, 0.98, 0.95, 0.6, 0.55])
    p = np.column_stack([top, (1 - top) / 2, (1 - top) / 2])
    truth = np.array([0, 0, 0, 1, 2])
    curve = risk_coverage(p, truth)
    assert [round(point["coverage"], 2) for point in curve] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert [round(point["risk"], 2) for point in curve] == [0.0, 0.0, 0.0, 0.25, 0.4]
    assert curve[-1]["min_confidence"] == pytest.approx(0.55)
