"""`prune` writes start weights and a report; `fit` takes the weights."""

import json
import re
from pathlib import Path

import pytest

from train.commands.prune import prune_to, sample_faces
from train.data.splits.split import Split
from train.errors import WeightsError
from train.network.start_weights import read_npz

WIDTHS = (8, 8, 16, 16, 16)


def test_report_counts_what_went(
    tiny_run: Path, tiny_split: Split, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = prune_to(tiny_run, WIDTHS, tiny_split.train[:10], tmp_path / "slim", 0)
    report = json.loads((tmp_path / "slim" / "prune.json").read_text(encoding="utf-8"))
    assert report["widths"] == {"before": [8, 16, 16, 16, 16], "after": list(WIDTHS)}
    names = [layer["name"] for layer in report["layers"]]
    assert names == ["block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2", "logits"]
    second = report["layers"][2]
    assert second["channels"] == [16, 8]
    assert second["products"] == [9 * 8 * 16 * 64**2, 9 * 8 * 8 * 64**2]
    assert second["parameters"] == [9 * 8 * 16 + 16, 9 * 8 * 8 + 8]
    # nothing went before these layers
    assert max(layer["error"] for layer in report["layers"][:3]) < 1e-6
    weights = read_npz(written)
    assert weights.outputs == ("with_mask", "worn_wrong", "without_mask", "no_face")
    assert weights.kernels["block2_conv2"].shape == (3, 3, 8, 8)
    table = capsys.readouterr().out
    assert re.search(r"block2_conv1 +16 -> 8 ", table)


def test_unknown_source_is_named(tiny_split: Split, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(WeightsError, match=r"notes\.txt"):
        prune_to(tmp_path / "notes.txt", WIDTHS, tiny_split.train[:2], tmp_path, 0)


def test_faces_are_drawn_evenly_by_class(tiny_split: Split) -> None:
    chosen = sample_faces(tiny_split.train, 8, seed=1)
    assert chosen == sample_faces(tiny_split.train, 8, seed=1)
    assert sorted(face.label for face in chosen) == [0] * 4 + [2] * 4
    assert len({face.path for face in chosen}) == 8
