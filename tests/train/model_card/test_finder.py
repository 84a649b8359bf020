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
    card = finder_section(manifest)
    assert card.startswith("## The face finder\n")
    assert "Not measured yet." in card
    assert "Hand-drawn boxes" not in card


def test_hand_drawn_boxes_have_sizes_poses_and_curves(manifest: CascadeManifest) -> None:
    drawn = {
        "match_iou": 0.3,
        "curve_px": 24,
        "processor": "Some Processor",
        "manifests": {"maskdet": "new"},
        "records": [record(), record() | {"set": "of them the test part", "curve": []}],
    }
    card = finder_section(replace(manifest, evaluation={"drawn": drawn}))
    assert "“maskdet” is `new`" in card
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


@pytest.mark.parametrize("photos", [7, 8])
def test_recorded_figures_stand_beside_those_of_the_same_photographs(
    photos: int, manifest: CascadeManifest
) -> None:
    portraits = {
        "set": "held back",
        "photos": 5,
        "masked": found(4, 10),
        "bare": found(5, 10),
        "false_per_photo": 0.5,
    }
    recorded = {
        "date": "2024-05-06T07:08:09+00:00",
        "version": "1.2.3",
        "processor": "Another Processor",
        "manifest": "old",
        "records": [portraits | {"finder": "earlier photo"}],
        "time_ratio": {"earlier photo": 0.75},
        "drawn": [record() | {"finder": "earlier photo", "photos": photos}],
    }
    drawn = {
        "match_iou": 0.3,
        "curve_px": 24,
        "processor": "Some Processor",
        "manifests": {"maskdet": "new"},
        "records": [record(), record() | {"set": "of them the test part", "curve": []}],
    }
    evaluation = {
        "records": [
            portraits | {"finder": "maskdet photo"},
            portraits | {"finder": "maskdet photo", "set": "of them some"},
        ],
        "time_ratio": {"maskdet photo": 0.5},
        "drawn": drawn,
        "recorded": recorded,
    }
    card = finder_section(replace(manifest, evaluation=evaluation))
    rows = [line for line in card.splitlines() if line.startswith("| held back |")]
    assert [row.split(" | ")[1] for row in rows] == ["maskdet photo", "earlier photo †"]
    assert rows[1].endswith("| 0.50 | 0.75 |")
    assert ("street photos (7) | earlier photo †" in card) is (photos == 7)
    assert ("| earlier photo † | three quarter |" in card) is (photos == 7)
    told = " ".join(card.split())
    note = "† Recorded on 2024-05-06 by version 1.2.3 of"
    assert told.count(note) == (2 if photos == 7 else 1)
    assert "on Another Processor, and not measured again: that finder, `old`, is no" in told
