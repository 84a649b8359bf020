"""Runs that may not be started, resumed or trained."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from tests.train import drawn
from train.data.splits.finder_data import KnownFace, Scene
from train.errors import DataError, RunError
from train.proposals.boost import StageGoal
from train.proposals.fit import ProposalsConfig, fit_proposals
from train.proposals.opencv_xml import read_cascade
from train.proposals.progress import Progress

FACE = KnownFace(Path("face.png"), (0.3, 0.25, 0.23, 0.4), masked=True, in_photo=True)
SCENE = Scene(Path("face.png"), (FACE.box,))
NO_GOALS = ProposalsConfig(goals=())
ARGUMENTS = ([FACE], [FACE], [SCENE])


def test_a_run_is_not_overwritten(tmp_path: Path) -> None:
    run = interrupted_run(tmp_path)
    with pytest.raises(RunError, match="holds a training"):
        fit_proposals(NO_GOALS, *ARGUMENTS, run)


def test_a_run_is_not_resumed_with_other_settings(tmp_path: Path) -> None:
    run = interrupted_run(tmp_path)
    with pytest.raises(RunError, match="settings"):
        fit_proposals(replace(NO_GOALS, seed=1), *ARGUMENTS, run, resume=True)


def interrupted_run(folder: Path) -> Path:
    """The folder of a run that was interrupted before its first stage."""
    run = folder / "run"
    Progress(run).start(NO_GOALS, resume=False)
    return run


def test_there_must_be_a_run_to_resume(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="expected a training to resume"):
        fit_proposals(NO_GOALS, *ARGUMENTS, tmp_path / "run", resume=True)


def test_faces_and_photographs_are_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="faces to learn from"):
        fit_proposals(NO_GOALS, [], [FACE], [SCENE], tmp_path / "other")


@pytest.fixture
def faces_and_scenes(drawn_photos: Path) -> tuple[list[KnownFace], list[Scene]]:
    pictures = sorted((drawn_photos / "Train/Non Mask").iterdir())
    faces = [KnownFace(p, drawn.FACE, masked=False, in_photo=True) for p in pictures]
    return faces, [Scene(p, (drawn.FACE,)) for p in pictures]


def test_proposals_are_trained_and_a_whole_training_stays(
    faces_and_scenes: tuple[list[KnownFace], list[Scene]], tmp_path: Path
) -> None:
    faces, scenes = faces_and_scenes
    goals = (
        StageGoal(2, 2, windows=1, false_rate=0.9),
        StageGoal(6, 4, windows=1, false_rate=0.0, leading_trees=2),
    )
    config = ProposalsConfig(600, 1_000, 60, 40, max_visits=200, goals=goals)
    file = fit_proposals(config, faces, faces, scenes, tmp_path / "run", processes=1)
    cascade = read_cascade(file)
    assert cascade.size == (16, 16)
    assert len(cascade.stages) in (1, 3), "the second goal makes two stages, if any"
    assert cv2.CascadeClassifier(str(file)).getOriginalWindowSize() == (16, 16)
    before = file.read_bytes()
    again = fit_proposals(config, faces, faces, scenes, tmp_path / "run", resume=True, processes=1)
    assert again.read_bytes() == before


def test_a_resumed_training_keeps_the_stages_before(
    faces_and_scenes: tuple[list[KnownFace], list[Scene]], tmp_path: Path
) -> None:
    faces, scenes = faces_and_scenes
    goal, run = StageGoal(2, 2, windows=1, false_rate=0.9), tmp_path / "run"
    one = ProposalsConfig(600, 1_000, 60, 40, max_visits=200, goals=(goal,))
    (first,) = read_cascade(fit_proposals(one, faces, faces, scenes, run, processes=1)).stages
    # as if the second stage of two had been interrupted
    record = json.loads((run / "cascade.json").read_text("utf-8"))
    record["goals"] *= 2
    (run / "cascade.json").write_text(json.dumps(record), "utf-8")
    two = replace(one, goals=(goal, goal))
    file = fit_proposals(two, faces, faces, scenes, run, resume=True, processes=1)
    stages = read_cascade(file).stages
    assert len(stages) == 2 and stages[0] == first
    lines = (run / "stages.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["stage"] for line in lines] == [0, 1]
