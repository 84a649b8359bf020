import numpy as np
import pytest
from numpy.typing import NDArray

from train.errors import RunError
from train.proposals.boost import StageGoal, fit_stage, leading_stage
from train.proposals.haar import WINDOW_PX, random_features
from train.proposals.model import Cascade, Stage, tree_sums

Windows = NDArray[np.uint8]


def test_stage_keeps_the_recall_and_rejects_as_it_reports(
    windows: tuple[Windows, Windows],
) -> None:
    faces, others = windows
    features = random_features(200, np.random.default_rng(0))
    goal = StageGoal(30, recall=0.98, windows=1, false_rate=0.02)
    bags, held = faces[300:, None], others[300:]
    stage, report = fit_stage(faces[:300], others[:300], bags, held, features, goal, 0)
    passing = Cascade((stage,)).passing
    assert passing(bags[:, 0]).mean() >= 0.98
    assert passing(held).mean() == pytest.approx(report["false_rate"], abs=1e-9)
    assert report["false_rate"] <= 0.02
    assert len(stage.trees) == report["trees"] <= 30


def test_faces_given_up_are_those_hardest_for_all_trees(
    windows: tuple[Windows, Windows],
) -> None:
    faces, others = windows
    # ten of the faces are texture, as a wrong reference box would give
    bags = np.concatenate([faces[300:490], others[:10]])[:, None]
    features = random_features(200, np.random.default_rng(0))
    goal = StageGoal(30, recall=0.95, windows=1, false_rate=0.01)
    stage, report = fit_stage(faces[:300], others[50:350], bags, others[350:], features, goal, 0)
    kept = tree_sums(stage.trees, bags[:, 0]) >= stage.threshold
    assert kept[:190].all()
    assert not kept[190:].any()
    assert report["false_rate"] <= 0.01


def test_windows_already_rejected_do_not_count(windows: tuple[Windows, Windows]) -> None:
    faces, others = windows
    bags = np.stack([faces[300:], np.zeros_like(faces[300:])], axis=1)
    features = random_features(200, np.random.default_rng(0))
    goal = StageGoal(10, recall=0.9, windows=1)
    alone, _ = fit_stage(faces[:300], others[:300], bags[:, :1], others[300:], features, goal, 0)
    both, _ = fit_stage(faces[:300], others[:300], bags, others[300:], features, goal, 0)
    assert both == alone


def test_leading_stage_has_the_first_trees_and_keeps_its_own_recall(
    windows: tuple[Windows, Windows],
) -> None:
    faces, others = windows
    features = random_features(200, np.random.default_rng(0))
    goal = StageGoal(20, 2, 0.2, windows=1, false_rate=0.0, leading_trees=3, leading_recall=0.95)
    bags = np.stack([faces[300:], np.zeros_like(faces[300:])], axis=1)
    stage, _ = fit_stage(faces[:300], others[:300], bags, others[300:], features, goal, 0)
    leading = leading_stage(stage, bags, goal)
    assert leading.trees == stage.trees[:3]
    assert 0.95 <= Cascade((leading,)).passing(bags[:, 0]).mean() < 1
    # a stricter one would break the promise
    raised = Stage(leading.trees, leading.threshold + 0.02)
    assert Cascade((raised,)).passing(bags[:, 0]).mean() < 0.95


def test_windows_that_look_alike_are_a_named_error() -> None:
    same = np.random.default_rng(0).integers(0, 256, (1, WINDOW_PX, WINDOW_PX), np.uint8)
    many = np.repeat(same, 200, axis=0)
    features = random_features(20, np.random.default_rng(0))
    with pytest.raises(RunError, match="no tree found a split"):
        fit_stage(many, many, many[:, None], many, features, StageGoal(3), 0)
