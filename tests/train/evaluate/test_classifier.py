"""Evaluation of an exported network, with and without its float network at hand."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from maskdet_core.masks.loading import load_classifier
from train.data.splits.split import Split
from train.errors import RunError
from train.evaluate.classifier import CARRIED_OVER, CROPS, Extras, evaluate

HELD_OUT = "Crops, given Test, source kept out of training"


@pytest.fixture
def models(tiny_models: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_models, tmp_path / "models"))


def read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def test_sets_are_measured_and_the_manifest_gets_their_figures(
    tiny_run: Path, tiny_split: Split, tiny_data: Path, models: Path, hands: Path
) -> None:
    extras = Extras(hands=hands, mistakes=models / "mistakes.json")
    record = read(evaluate(tiny_run, tiny_split, [tiny_data], models, extras))
    slugs = [one["slug"] for one in record["sets"]]
    assert slugs[:4] == ["crops-test", "leak-free", "leak-free-sources", "leak-free-crops"]
    assert slugs[-2:] == ["hands", "objects"]
    for one in record["sets"]:
        assert 0 <= one["calibration_error"] <= 1
        assert one["risk_coverage"][-1]["coverage"] == 1
        assert sum(map(sum, one["verdicts"])) == sum(map(sum, one["confusion"])) == one["n"]
        assert "worst" not in one, "names of pictures stay out of what is published"
    wrong = {one["slug"]: one["n"] - one["n_correct"] for one in record["sets"]}
    mistakes = json.loads((models / "mistakes.json").read_text(encoding="utf-8"))
    assert Counter(one["test"] for one in mistakes) == Counter(
        {slug: wrong[slug] for slug in ("crops-test", "leak-free", "hands", "objects")}
    )
    assert all(one["truth"] != one["label"] for one in mistakes)
    at_mouth = next(rate for rate in record["rates"] if rate["slug"] == "at-mouth-called-mask")
    assert at_mouth["n"] == 8, "the bare half of the faces, with hands and with objects"
    assert record["int8_vs_float"]["n"] == len(tiny_split.validation)
    assert record["crops"] == CROPS
    manifest = load_classifier(models / "maskdet-vgg19-int8.json").manifest
    assert manifest.metrics["leak-free"]["n"] == 8


def test_records_alone_carry_over_what_needs_a_float_network(
    tiny_split: Split, tiny_data: Path, models: Path
) -> None:
    run = models / "runs" / "tiny"
    earlier = {
        "created": "2026-01-02T03:04:05+00:00",
        "int8_vs_float": {"n": 8, "n_same": 7, "value": 0.875},
        "sets": [
            {"slug": "leak-free", "note": "old"},
            {"slug": "crops-held-out", "note": "By another run.", **figures()},
        ],
    }
    (run / "evaluation.json").write_text(json.dumps(earlier), encoding="utf-8")
    record = read(evaluate(run, tiny_split, [tiny_data], models))
    same = record["int8_vs_float"]
    assert (same["n"], same["n_same"]) == (8, 7)
    assert same["note"] == (
        f"{CARRIED_OVER} of 2026-01-02T03:04:05+00:00; "
        "crops cut by an affine warp that training used."
    )
    held_out = [one for one in record["sets"] if one["slug"].endswith("-held-out")]
    assert [one["note"] for one in held_out] == [f"By another run. {same['note']}"]
    assert held_out[0]["n_correct"] == 3
    leak_free = next(one for one in record["sets"] if one["slug"] == "leak-free")
    assert leak_free["n"] == 8 and CARRIED_OVER not in leak_free["note"]

    again = read(evaluate(run, tiny_split, [tiny_data], models))
    assert again["int8_vs_float"] == same, "the note names the first measurement"
    assert again["sets"] == record["sets"]


def figures() -> dict[str, Any]:
    none = {"n": 2, "n_correct": 2, "recall": 1.0, "n_wrong_sure": 0, "ci95": [0.3, 1.0]}
    return {
        "name": HELD_OUT,
        "n": 4,
        "n_correct": 3,
        "accuracy": 0.75,
        "ci95": [0.3, 0.95],
        "n_not_sure": 0,
        "per_class": {"with_mask": none, "without_mask": none},
    }


def test_without_float_network_and_earlier_evaluation_there_is_a_named_error(
    tiny_split: Split, tiny_data: Path, models: Path
) -> None:
    with pytest.raises(RunError, match=r"model\.keras"):
        evaluate(models / "runs" / "tiny", tiny_split, [tiny_data], models)
