"""A whole small training on drawn faces, up to what the app would load."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskdet_core import load_finder
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from train.cascade.boost import StageGoal
from train.cascade.faces import WindowConfig
from train.cascade.fit_proposals import CascadeConfig, fit_cascade
from train.cascade.fit_verifier import CheckConfig, CheckStage, fit_check
from train.cascade.opencv_xml import read_cascade
from train.data.datasets import read_dataset
from train.data.detection import CascadeData, cascade_data
from train.data.images import read_rgb
from train.data.split import split_samples
from train.errors import DataError, RunError
from train.evaluate.detector import evaluate_detector
from train.evaluate.operating_points import PARTS, publish

GOAL = StageGoal(20, recall=0.98, windows=1, false_rate=0.3)
CONFIG = CascadeConfig(
    positives=600,
    negatives=600,
    features=150,
    held_bags=40,
    max_visits=600,
    windows=WindowConfig(painted=0.1),
    goals=(GOAL, GOAL),
)
CHECK = CheckConfig(
    stages=(CheckStage(replace(GOAL, leaves=4, learning_rate=0.2, false_rate=0.0), 6),),
    features=200,
    held_visits=1,
)


@pytest.fixture
def data(drawn_photos: Path) -> CascadeData:
    split = split_samples(read_dataset(drawn_photos, whole_photos=True))
    found = cascade_data([drawn_photos], split)
    # 64 pictures may leave the validation side empty
    return replace(found, held_faces=found.held_faces or found.faces[:10])


def test_training_resumes_publishes_and_is_measured(
    data: CascadeData, drawn_photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, models = tmp_path / "run", tmp_path / "models"
    run, check = (whole / part for part in PARTS)
    first = replace(CONFIG, goals=(GOAL,))
    fit_cascade(first, data.faces, data.held_faces, data.scenes, run)
    assert len(read_cascade(run / "cascade.xml").stages) == 1

    # as if two stages had been asked for and the second was interrupted
    record = json.loads((run / "cascade.json").read_text("utf-8"))
    record["goals"] *= 2
    (run / "cascade.json").write_text(json.dumps(record), "utf-8")
    before = read_cascade(run / "cascade.xml").stages[0]
    fit_cascade(CONFIG, data.faces, data.held_faces, data.scenes, run, resume=True)
    assert read_cascade(run / "cascade.xml").stages[0] == before
    lines = (run / "stages.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["stage"] for line in lines] == [0, 1]

    with pytest.raises(RunError, match="check"):
        publish(whole, data, models, ["drawn"])
    fit_check(CHECK, run / "cascade.xml", data.scenes, check)
    trees = [len(stage.trees) for stage in read_cascade(check / "cascade.xml").stages]
    assert trees == [20]

    path = publish(whole, data, models, ["drawn"])
    manifest = CascadeManifest.load(path)
    assert [stage["part"] for stage in manifest.training["stages"]] == ["search"] * 2 + ["check"]
    finder = load_finder("photo", path)
    assert isinstance(finder, CascadeFaceFinder)
    photo = data.test[0]
    best = finder.find(read_rgb(photo.path), min_face_px=24)[0]
    x, y, w, h = (np.array(photo.boxes[0]) * [160, 120, 160, 120]).tolist()
    assert abs(best.x + best.w / 2 - x - w / 2) < 8
    assert abs(best.y + best.h / 2 - y - h / 2) < 8

    evaluate_detector(data, models, tmp_path / "false")
    measured = CascadeManifest.load(path).evaluation
    ours = next(r for r in measured["records"] if r["finder"] == "maskdet photo")
    assert ours["photos"] == len(data.tune) + len(data.test)
    assert ours["masked"]["n_found"] > 0.5 * ours["masked"]["n"]
    assert measured["time_ratio"]["frontalface_alt"] == 1.0
    assert "frontalface_alt" in capsys.readouterr().out


def test_a_run_is_not_overwritten_nor_resumed_with_other_settings(
    data: CascadeData, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    arguments = (data.faces, data.held_faces, data.scenes, run)
    with pytest.raises(RunError, match="expected a training to resume"):
        fit_cascade(CONFIG, *arguments, resume=True)
    nothing = replace(CONFIG, goals=())
    fit_cascade(nothing, *arguments)
    with pytest.raises(RunError, match="holds a training"):
        fit_cascade(nothing, *arguments)
    with pytest.raises(RunError, match="settings"):
        fit_cascade(replace(nothing, seed=1), *arguments, resume=True)
    with pytest.raises(RunError, match="trained cascade"):
        publish(run, data, tmp_path / "models", [])
    with pytest.raises(DataError, match="whole photographs with faces"):
        fit_check(CHECK, run / "cascade.xml", [], tmp_path / "other")
    with pytest.raises(DataError, match="faces to learn from"):
        fit_cascade(CONFIG, [], data.held_faces, data.scenes, tmp_path / "other")


def test_no_picture_lies_on_two_sides(data: CascadeData) -> None:
    learnt = {face.path for face in data.faces} | {scene.path for scene in data.scenes}
    measured = {photo.path for photo in [*data.tune, *data.test]}
    assert learnt and measured
    assert not learnt & measured


def test_sets_without_photographs_are_refused(crop_only: Path) -> None:
    with pytest.raises(DataError, match="whole photographs"):
        cascade_data([crop_only], split_samples(read_dataset(crop_only)))


@pytest.fixture
def crop_only(drawn_photos: Path) -> Path:
    (drawn_photos / "boxes.json").unlink()
    return drawn_photos
