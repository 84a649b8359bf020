"""Runs that may not be started, resumed or trained."""

from dataclasses import replace
from pathlib import Path

import pytest

from train.cascade.fit_proposals import ProposalsConfig, fit_proposals
from train.cascade.fit_verifier import VerifierConfig, fit_verifier
from train.cascade.progress import Progress
from train.data.detection import KnownFace, Scene
from train.errors import DataError, RunError

FACE = KnownFace(Path("face.png"), (0.3, 0.25, 0.23, 0.4), masked=True, in_photo=True)
SCENE = Scene(Path("face.png"), (FACE.box,), masked=True)
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
    with pytest.raises(DataError, match="whole photographs with faces"):
        fit_verifier(VerifierConfig(), tmp_path / "cascade.xml", [], tmp_path / "other")
