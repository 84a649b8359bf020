"""The card's section of a face finder, from the record that the evaluation writes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maskdet_core.faces.manifest import CascadeManifest
from train.model_card.finder import finder_section


def found(n_found: int, n: int) -> dict[str, Any]:
    return {"n": n, "n_found": n_found, "recall": n_found / n if n else None, "ci95": [0.25, 0.75]}


def by_class(n_found: int) -> dict[str, Any]:
    return {
        "with_mask": found(n_found, 10),
        "worn_wrong": found(0, 0),
        "without_mask": found(5, 10),
    }


@pytest.fixture
def manifest(repo_root: Path) -> CascadeManifest:
    shipped = CascadeManifest.load(repo_root / "models" / "maskdet-haar.json")
    return replace(shipped, evaluation={})


def record() -> dict[str, Any]:
    sizes = {"24 px and more": by_class(8), "48 px and more": by_class(9)}
    curve = [
        {
            "further_per_photo": rate,
            "with_mask": share,
            "worn_wrong": None,
            "without_mask": 0.5,
        }
        for rate, share in ((0.04, 0.6), (0.09, 0.7), (0.35, 0.8))
    ]
    return {
        "finder": "maskdet photo",
        "role": "measured",
        "set": "street photos",
        "photos": 7,
        "processor_ms": 41.6,
        "mean_processor_ms": 45.0,
        "min_score": 1.0,
        "further_per_photo": 0.123,
        "faces": sizes,
        "by_pose": {"three_quarter": by_class(3)},
        "candidates": [{"min_score": 0.0, "further_per_photo": 1.0, "faces": sizes}],
        "curve": curve,
    }


def test_what_is_not_measured_is_said(manifest: CascadeManifest) -> None:
    card = finder_section("The finder", manifest)
    assert card.startswith("## The finder\n")
    assert "Not measured yet." in card
    assert "Hand-drawn boxes" not in card


def test_hand_drawn_boxes_have_sizes_poses_and_curves(manifest: CascadeManifest) -> None:
    drawn = {
        "match_iou": 0.3,
        "curve_px": 24,
        "processor": "Some Processor",
        "manifests": {"maskdet": "new", "earlier": "old"},
        "records": [record(), record() | {"set": "of them the test part", "curve": []}],
    }
    card = finder_section("The finder", replace(manifest, evaluation={"drawn": drawn}))
    assert "“maskdet” is `new`, “earlier” is `old`" in card
    assert "Some Processor" in card
    rows = [line for line in card.splitlines() if line.startswith("| ")]
    first = next(row for row in rows if row.startswith("| street photos (7) | maskdet photo | 24"))
    assert "| 80.0 % (25.0 % to 75.0 %) | – | 50.0 % (25.0 % to 75.0 %) | 0.12 | 42 |" in first
    # a candidate has a number of further boxes of its own, and no time
    assert any(row.endswith("| 1.00 |  |") for row in rows)
    poses = [row for row in rows if row.startswith("| maskdet photo | three quarter |")]
    assert len(poses) == 1 and "| 3 of 10, 30.0 %" in poses[0]
    (curves,) = [row for row in rows if row.startswith("| maskdet photo | 60.0")]
    assert curves == (
        "| maskdet photo | 60.0 / – / 50.0 % | 70.0 / – / 50.0 % | 70.0 / – / 50.0 % | – | – |"
    )
