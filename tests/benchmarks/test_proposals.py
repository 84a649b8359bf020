from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.proposals import Tally, clusters, ranks, report
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from train.data.annotations.photos import LabelledPhoto

PHOTO = LabelledPhoto(
    Path("a.png"),
    640,
    480,
    "test",
    ((10, 10, 30, 40), (200, 10, 60, 80), (400, 10, 60, 80)),
    ("with_mask", "without_mask", "without_mask"),
    complete=True,
)


def test_a_face_has_the_rank_of_the_first_cluster_on_it() -> None:
    boxes = np.array(
        [[300, 300, 40, 40], [205, 12, 60, 80], [11, 12, 30, 40], [10, 10, 30, 40]], float
    )
    assert ranks(PHOTO, boxes) == [
        ("with_mask", 40, 2),
        ("without_mask", 80, 1),
        ("without_mask", 80, np.inf),
    ]
    assert {rank for _, _, rank in ranks(PHOTO, np.empty((0, 4)))} == {np.inf}


def test_shares_are_of_the_best_clusters_by_class_and_size() -> None:
    faces = [("with_mask", 30.0, float(rank)) for rank in (0, 49, 50, 120)]
    lines = report(Tally([*faces, ("worn_wrong", 60.0, np.inf)], [10], [5], [2.0], [1.0]))
    (masked,) = (line for line in lines if line.startswith("with_mask"))
    assert masked.startswith("with_mask, 24 px and more (4)")
    assert masked.split()[-5:] == ["50.0%", "75.0%", "100.0%", "100.0%", "100.0%"]
    wrong = [line for line in lines if line.startswith("worn_wrong")]
    assert [line.split()[-1] for line in wrong] == ["0.0%", "0.0%"]


def test_clusters_are_fewer_than_windows(repo_root: Path) -> None:
    path = repo_root / "models/maskdet-haar.json"
    manifest = CascadeManifest.load(path)
    finder = CascadeFaceFinder(manifest, path.parent, manifest.presets["photo"])
    texture = np.random.default_rng(0).integers(0, 256, (60, 80, 1), np.uint8).repeat(3, axis=2)
    image = texture.repeat(4, axis=0).repeat(4, axis=1)
    boxes, n_windows = clusters(finder, image, "photo")
    assert boxes.shape[1] == 4
    assert 0 < len(boxes) < n_windows


def test_absent_data_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["proposals", "--data", str(tmp_path), "--finders", "a.json"]) == 2
    assert "street-photos" in capsys.readouterr().out
