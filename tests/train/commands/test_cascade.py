"""A whole small training of the face finder, up to what the app would load."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskdet_core import load_finder
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from tests.train.drawn import write_photos
from train.cascade.boost import StageGoal
from train.cascade.faces import WindowConfig
from train.cascade.fit_proposals import ProposalsConfig, fit_proposals
from train.cascade.fit_verifier import VerifierConfig, VerifierStage, fit_verifier
from train.cascade.model import Stage
from train.cascade.opencv_xml import read_cascade
from train.commands.cascade import PARTS, PROPOSALS, VERIFIER, publish
from train.data.datasets import read_dataset
from train.data.detection import CascadeData, cascade_data
from train.data.images import read_rgb
from train.data.split import split_samples
from train.errors import RunError
from train.evaluate_finder.detector import evaluate_detector

GOAL = StageGoal(20, recall=0.98, windows=1, false_rate=0.3)
ONE_STAGE = ProposalsConfig(
    positives=600,
    negatives=600,
    features=150,
    held_bags=40,
    max_visits=600,
    windows=WindowConfig(painted=0.1),
    goals=(GOAL,),
)
TWO_STAGES = replace(ONE_STAGE, goals=(GOAL, GOAL))
VERIFIER_CONFIG = VerifierConfig(
    stages=(VerifierStage(replace(GOAL, leaves=4, learning_rate=0.2, false_rate=0.0), 6),),
    features=200,
    held_visits=1,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> CascadeData:
    root = write_photos(tmp_path_factory.mktemp("photos") / "drawn")
    found = cascade_data([root], split_samples(read_dataset(root, whole_photos=True)))
    # 64 pictures may leave the validation side empty
    return replace(found, held_faces=found.held_faces or found.faces[:10])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the training, filled by the fixtures below."""
    return tmp_path_factory.mktemp("cascade") / "run"


@pytest.fixture(scope="module")
def first_stage(data: CascadeData, run: Path) -> Stage:
    """The stage of a training of one, after which the second of two was interrupted."""
    folder = run / PROPOSALS
    fit_proposals(ONE_STAGE, data.faces, data.held_faces, data.scenes, folder)
    record = json.loads((folder / "cascade.json").read_text("utf-8"))
    record["goals"] *= 2
    (folder / "cascade.json").write_text(json.dumps(record), "utf-8")
    (stage,) = read_cascade(folder / "cascade.xml").stages
    return stage


@pytest.fixture(scope="module")
def resumed(data: CascadeData, run: Path, first_stage: Stage) -> Path:
    """The proposals' folder after the second stage."""
    folder = run / PROPOSALS
    fit_proposals(TWO_STAGES, data.faces, data.held_faces, data.scenes, folder, resume=True)
    return folder


@pytest.fixture(scope="module")
def verified(data: CascadeData, run: Path, resumed: Path) -> Path:
    """The run's folder with both cascades."""
    fit_verifier(VERIFIER_CONFIG, resumed / "cascade.xml", data.scenes, run / VERIFIER)
    return run


@pytest.fixture(scope="module")
def models(data: CascadeData, verified: Path) -> Path:
    folder = verified.parent / "models"
    publish(verified, data, folder, ["drawn"])
    return folder


def test_resumed_training_keeps_the_stages_before(resumed: Path, first_stage: Stage) -> None:
    assert read_cascade(resumed / "cascade.xml").stages[0] == first_stage
    lines = (resumed / "stages.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["stage"] for line in lines] == [0, 1]


@pytest.mark.parametrize("missing", PARTS)
def test_a_run_without_both_cascades_is_not_published(
    missing: str, data: CascadeData, verified: Path, tmp_path: Path
) -> None:
    present = next(part for part in PARTS if part != missing)
    (tmp_path / present).symlink_to(verified / present)
    with pytest.raises(RunError, match=f"trained cascade in .*{missing}"):
        publish(tmp_path, data, tmp_path / "models", ["drawn"])


def test_verifier_has_the_trees_of_its_goal(verified: Path) -> None:
    trees = [len(s.trees) for s in read_cascade(verified / VERIFIER / "cascade.xml").stages]
    assert trees == [20]


def test_published_cascades_find_the_drawn_face(data: CascadeData, models: Path) -> None:
    path = models / "maskdet-haar.json"
    stages = CascadeManifest.load(path).training["stages"]
    assert [stage["part"] for stage in stages] == [PROPOSALS] * 2 + [VERIFIER]
    finder = load_finder("photo", path)
    assert isinstance(finder, CascadeFaceFinder)
    errors = []
    for photo in (*data.test, *data.tune):
        # two stages and twenty trees miss some of the drawn faces
        for best in finder.find(read_rgb(photo.path), min_face_px=24)[:1]:
            x, y, w, h = (np.array(photo.boxes[0]) * [160, 120, 160, 120]).tolist()
            errors += [best.x + best.w / 2 - x - w / 2, best.y + best.h / 2 - y - h / 2]
    assert len(errors) > len(data.test) + len(data.tune)
    assert np.abs(errors).max() < 8


def test_published_cascades_are_measured_beside_the_stock_ones(
    data: CascadeData, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # the stock cascades take their time
    few = replace(data, tune=data.tune[:2], scenes=data.scenes[:6])
    path = evaluate_detector(few, models / "maskdet-haar.json", models, tmp_path / "false")
    measured = CascadeManifest.load(path).evaluation
    ours = next(r for r in measured["records"] if r["finder"] == "maskdet photo")
    assert ours["photos"] == len(few.tune) + len(few.test)
    assert ours["masked"]["n_found"] > 0.5 * ours["masked"]["n"]
    assert measured["time_ratio"]["frontalface_alt"] == 1.0
    assert "frontalface_alt" in capsys.readouterr().out
