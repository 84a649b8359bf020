import json
from pathlib import Path

import numpy as np
import pytest

from maskdet_core.masks.manifest import ModelManifest
from train.evaluate.metrics import evaluate_set
from train.evaluate.model_card import write_model_card
from train.shipped import FINDER, NETWORK


@pytest.fixture
def models(tmp_path: Path, repo_root: Path) -> Path:
    """A network's manifest and record made here, the shipped cascades' manifest."""
    (tmp_path / "net.tflite").write_bytes(b"1234")
    training = {"run": "first", "date": "2026-01-02", "epochs": 3, "start_weights": "none"}
    training |= {"datasets": [{"name": "crops", "n_train": 12_000}]}
    ModelManifest.for_file(tmp_path / "net.tflite", training=training).save(
        tmp_path / f"{NETWORK}.json"
    )
    p, masked = np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, True, True, False])
    one = evaluate_set("s", "Some test", "", p, masked, 0.6) | {"calibration_error": 0.0123}
    counts = {"n_people": 5, "n_found": 4, "n_right": 3, "n_not_sure": 1}
    whole = {"preset": "photo", "n_photos": 7, "false_faces": 2, "per_class": {"with_mask": counts}}
    record = {
        "sets": [one],
        "int8_vs_float": {"n": 9, "n_same": 8},
        "whole_photos": [whole],
        "worn_wrongly": {"n": 4, "with_mask": 1, "without_mask": 2, "not_sure": 1},
    }
    (tmp_path / "runs" / "first").mkdir(parents=True)
    (tmp_path / "runs" / "first" / "evaluation.json").write_text(json.dumps(record))
    cascades = (repo_root / "models" / "maskdet-haar.json").read_text(encoding="utf-8")
    (tmp_path / f"{FINDER}.json").write_text(cascades, encoding="utf-8")
    return tmp_path


def test_card_states_figures_with_counts_and_intervals(models: Path) -> None:
    card = write_model_card(models).read_text(encoding="utf-8")
    assert "12,000" in card and "first of 2026-01-02, 3 epochs" in card
    assert "75.0 % (30.1 % to 95.4 %)" in card
    assert "1.2 %" in card
    assert "photo check, with mask: 4 of 5 people found, 60.0 % (23.1 % to 88.2 %)" in card
    assert "photo check: 2 false faces in 7 photographs" in card
    assert "under the nose or chin (4): 1 called with mask, 2 without, 1 not sure" in card
    assert "same label on 8 of 9 faces" in card
    assert "frontalface_alt" in card
    assert "## Limits" in card


def test_what_has_no_record_is_left_out(models: Path) -> None:
    (models / f"{FINDER}.json").unlink()
    (models / "runs" / "first" / "evaluation.json").unlink()
    card = write_model_card(models).read_text(encoding="utf-8")
    assert "## The network" in card
    assert "### Faces" not in card
    assert "## The face finder" not in card
    assert "## Limits" in card
