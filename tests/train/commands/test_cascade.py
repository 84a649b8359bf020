"""A whole small training of the proposals, interrupted and resumed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.pyramid import grey_image
from maskdet_core.faces.windows import windows_of
from tests.train.drawn import write_photos
from train.cascade.boost import StageGoal
from train.cascade.faces import WindowConfig
from train.cascade.fit_proposals import ProposalsConfig, fit_proposals
from train.cascade.haar import WINDOW_PX
from train.cascade.model import Stage
from train.cascade.opencv_xml import read_cascade
from train.data.datasets import read_dataset
from train.data.detection import CascadeData, cascade_data
from train.data.images import read_rgb
from train.data.split import split_samples

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
    fit_proposals(ONE_STAGE, data.faces, data.held_faces, data.scenes, run)
    record = json.loads((run / "cascade.json").read_text("utf-8"))
    record["goals"] *= 2
    (run / "cascade.json").write_text(json.dumps(record), "utf-8")
    (stage,) = read_cascade(run / "cascade.xml").stages
    return stage


@pytest.fixture(scope="module")
def resumed(data: CascadeData, run: Path, first_stage: Stage) -> Path:
    """The folder after the second stage."""
    fit_proposals(TWO_STAGES, data.faces, data.held_faces, data.scenes, run, resume=True)
    return run


def test_resumed_training_keeps_the_stages_before(resumed: Path, first_stage: Stage) -> None:
    assert read_cascade(resumed / "cascade.xml").stages[0] == first_stage
    lines = (resumed / "stages.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["stage"] for line in lines] == [0, 1]


def test_trained_cascade_proposes_the_drawn_face(data: CascadeData, resumed: Path) -> None:
    photo = data.test[0]
    proposer = HaarProposer(resumed / "cascade.xml", WINDOW_PX)
    found = proposer.find(grey_image(read_rgb(photo.path)), 30, 1.2)
    x, y, w, h = (np.array(photo.boxes[0]) * [160, 120, 160, 120]).tolist()
    best = windows_of(found.squares)[np.argmax(found.scores)]
    assert abs(best[0] - x - w / 2) < 12
    assert abs(best[1] - y - h / 2) < 12
