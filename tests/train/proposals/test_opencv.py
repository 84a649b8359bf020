"""The cascade as Python evaluates it and as OpenCV does, window by window."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from train.errors import RunError
from train.proposals.boost import StageGoal, fit_stage
from train.proposals.haar import WINDOW_PX, random_features
from train.proposals.model import Cascade, tree_sums
from train.proposals.opencv_xml import read_cascade, to_xml, write_cascade

Windows = NDArray[np.uint8]


def trained(faces: Windows, others: Windows, leaves: int) -> Cascade:
    stages = []
    for number in range(3):
        features = random_features(150, np.random.default_rng(number))
        goal = StageGoal(4, leaves=leaves, recall=0.9, windows=1, false_rate=0.0)
        bags = faces[300:, None]
        stage, _ = fit_stage(faces[:300], others[:300], bags, others[300:], features, goal, number)
        stages.append(stage)
    return Cascade(tuple(stages))


@pytest.mark.parametrize("leaves", [2, 4, 8])
def test_python_and_opencv_agree_on_every_window(
    leaves: int, windows: tuple[Windows, Windows], tmp_path: Path
) -> None:
    faces, others = windows
    cascade = trained(faces, others, leaves)
    path = tmp_path / "cascade.xml"
    write_cascade(path, cascade)
    opencv = cv2.CascadeClassifier(str(path))
    rng = np.random.default_rng(7)
    # blends of faces and texture lie on both sides of the thresholds, at all stages
    share = rng.uniform(0, 1, (400, 1, 1))
    blends = (share * faces[200:] + (1 - share) * others[200:]).astype(np.uint8)
    flat = np.full((5, WINDOW_PX, WINDOW_PX), 90, np.uint8)
    mixed = np.concatenate([blends, faces[:50], others[:50], flat])
    passed, sums = [], []
    for window in mixed:
        found, _, weights = opencv.detectMultiScale3(
            window, minNeighbors=0, outputRejectLevels=True
        )
        passed.append(len(found) == 1)
        sums.append(float(weights[0]) if len(found) else -np.inf)
    python = cascade.passing(mixed)
    assert python.tolist() == passed
    assert 20 < sum(passed) < len(mixed) - 20, "the windows should lie on both sides"
    expected = np.where(python, tree_sums(cascade.stages[-1].trees, mixed), -np.inf)
    assert np.allclose(expected, sums, atol=1e-4)


def test_what_is_written_is_read_back(windows: tuple[Windows, Windows], tmp_path: Path) -> None:
    cascade = trained(*windows, leaves=4)
    path = tmp_path / "cascade.xml"
    write_cascade(path, cascade)
    assert read_cascade(path) == cascade
    assert to_xml(read_cascade(path)) == path.read_text(encoding="ascii")
    assert list(tmp_path.iterdir()) == [path], "no partial file is left"


@pytest.mark.parametrize("text", ["", "not xml", "<opencv_storage><cascade>"])
def test_broken_file_is_a_named_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.xml"
    path.write_text(text, encoding="ascii")
    with pytest.raises(RunError, match=r"broken\.xml"):
        read_cascade(path)
