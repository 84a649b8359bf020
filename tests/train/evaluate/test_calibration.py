import numpy as np
import pytest

from maskdet_core.masks.manifest import ModelManifest
from train.evaluate.calibration import (
    calibrated,
    calibration_error,
    fit_temperature,
    min_confidence,
    min_face_probability,
    risk_coverage,
)

MANIFEST = ModelManifest(
    "m", "m.tflite", "0" * 64, 1, classes=("with_mask", "without_mask", "no_face")
)


def draws(temperature: float, n: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits of faces whose true odds are the logits' over a temperature."""
    rng = np.random.default_rng(0)
    margin = rng.normal(0, 6, n)
    masked = rng.random(n) < 1 / (1 + np.exp(-margin / temperature))
    return np.stack([margin, np.zeros(n), np.full(n, -20.0)], axis=1), masked


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_found_again(temperature: float) -> None:
    assert fit_temperature(*draws(temperature)) == pytest.approx(temperature, rel=0.06)


def test_calibration_lowers_the_calibration_error() -> None:
    logits, masked = draws(3.0)
    p = 1 / (1 + np.exp(-logits[:, 0]))
    fitted = calibrated(MANIFEST, logits, masked)
    softer = 1 / (1 + np.exp(-logits[:, 0] / fitted.temperature))
    assert calibration_error(p, masked)[0] > 0.08
    error, bins = calibration_error(softer, masked)
    assert error < 0.015
    assert sum(b["n"] for b in bins) == len(masked)
    assert all(abs(b["mean_p"] - b["share_masked"]) < 0.06 for b in bins)
    assert 0.6 <= fitted.min_confidence < 1
    assert fitted.min_face_probability == 0.9, "all are faces, and surely so"


def test_thresholds_take_no_more_than_they_may() -> None:
    p = np.concatenate([np.full(970, 0.99), np.linspace(0.5, 0.9, 30)])
    chosen = min_confidence(p)
    assert np.mean(np.maximum(p, 1 - p) < chosen) <= 0.03
    assert chosen > 0.85
    assert min_confidence(np.full(10, 0.5)) == 0.6, "bounded below"
    faces = np.linspace(0, 1, 1001)
    assert min_face_probability(faces) == 0.05, "bounded below"
    assert min_face_probability(np.linspace(0.4, 1, 1001)) == pytest.approx(0.4018, abs=1e-3)


def test_risk_falls_as_verdicts_are_withheld() -> None:
    p = np.array([0.99, 0.98, 0.05, 0.6, 0.45])
    masked = np.array([True, True, False, False, True])
    curve = risk_coverage(p, masked)
    assert [round(point["coverage"], 2) for point in curve] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert [round(point["risk"], 2) for point in curve] == [0.0, 0.0, 0.0, 0.25, 0.4]
    assert curve[-1]["min_confidence"] == pytest.approx(0.55)
