import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskdet_core.masks.manifest import ModelManifest
from train.evaluate.judged import Judged
from train.evaluate.metrics import evaluate_set
from train.intervals import share_of
from train.model_card.card import write_model_card
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
    p = np.array([0.9, 0.8, 0.3, 0.1])
    truth = np.array([0, 0, 0, 2])
    two = ModelManifest("m", "m.tflite", "0" * 64, 1)
    judged = Judged.of(truth, np.column_stack([np.log(p), np.log(1 - p)]), two)
    one = evaluate_set("leak-free", "Some test", "", judged) | {"calibration_error": 0.0123}
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
    assert "A mask under the nose or chin is neither" in card
    assert "how evenly it works is not known" in card
    assert "### Accuracy against cost" not in card


def change(models: Path, **values: Any) -> str:
    """The card with more in the evaluation."""
    path = models / "runs" / "first" / "evaluation.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return write_model_card(models).read_text(encoding="utf-8")


def test_verdicts_have_a_row_for_each_class_that_occurs(models: Path) -> None:
    card = change(models)
    # three masked faces, of which one is called bare; the threshold is 60 %
    assert "| Some test | with mask | 3 | 2 | 0 | 1 | 0 | 0 | 66.7 % (20.8 % to 93.9 %) |" in card
    assert "| Some test | worn wrong |" not in card


def test_figures_of_three_classes_and_people(models: Path) -> None:
    shares = {name: share_of(2, 40) for name in ("wrong", "not_sure", "no_face")}
    group = {"by": "group", "name": "One", "n": 40, **shares}
    gap = {"by": "group", "of": "wrong", "highest": "One", "lowest": "Two", "value": 0.0123}
    bare = {"condition": "bare", "n_left_out": 0, "groups": [group]}
    bare["gaps"] = [gap | {"ci95": [-0.01, 0.034]}]
    outcome = {"n": 50, "with_mask": 5, "worn_wrong": 1, "without_mask": 30, "not_sure": 10}
    loose = {"of": "without_mask", "factor": 1.5, "place": "down", "outcomes": outcome}
    loose["outcomes"] |= {"no_face": 4}
    loose |= {"called_mask": share_of(5, 50), "shown": share_of(3, 50)}
    loose |= {"shown_mask": share_of(1, 50)}
    rate = {"slug": "r", "name": "Masks worn wrong, shown as “mask”", **share_of(3, 100)}
    people = {"dataset": "people", "conditions": [bare]}
    card = change(models, people=people, loose_boxes=[loose], rates=[rate], covered_other=outcome)
    assert "| group | One | 40 | 5.0 % (1.4 % to 16.5 %) |" in card
    assert "by group, wrong: 1.2 points (-1.0 to 3.4), One over Two" in card
    assert "| without mask | 1.5 times, down | 50 | 10.0 % (4.3 % to 21.4 %) | 6.0 %" in card
    assert "shown as “mask” | 3 of 100 | 3.0 %" in card
    assert "these 50 faces: 5 with mask, 1 worn wrong, 30 without mask, 10 not sure" in card
    assert "how evenly it works is not known" not in card


def test_front_of_accuracy_and_cost_is_ordered_by_cost(models: Path) -> None:
    test = {"n": 100, "right": 98, "low": 0.93, "high": 0.99}
    networks = [
        {"widths": [w] * 5, "products": w * 1e8, "parameters": 1, "int8_bytes": 2_300_000}
        | {"ms": 10.04, "tests": {"leak-free": test}}
        for w in (64, 16)
    ]
    (models / "widths.json").write_text(json.dumps(networks))
    rows = [
        row for row in write_model_card(models).read_text("utf-8").splitlines() if "| 10.0 |" in row
    ]
    assert rows == [
        "| 16, 16, 16, 16, 16 | 1.60 | 2.3 | 10.0 | 98.0 % (93.0 % to 99.0 %) |",
        "| 64, 64, 64, 64, 64 | 6.40 | 2.3 | 10.0 | 98.0 % (93.0 % to 99.0 %) |",
    ]


def test_what_has_no_record_is_left_out(models: Path) -> None:
    (models / f"{FINDER}.json").unlink()
    (models / "runs" / "first" / "evaluation.json").unlink()
    card = write_model_card(models).read_text(encoding="utf-8")
    assert "## The network" in card
    assert "### Faces" not in card
    assert "## The face finder" not in card
    assert "## Limits" in card
