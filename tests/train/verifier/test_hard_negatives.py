from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.faces.verifier_network import Looks
from maskdet_core.faces.window_crops import Windows
from train.data.annotations.photos import LabelledPhoto
from train.verifier.hard_negatives import SURE_LOGIT, HardWindows


class Network:
    """Gives each window the logit of its side, and moves it 1 px to the right."""

    input_px = 32

    def look(self, crops: NDArray[np.uint8], windows: Windows) -> Looks:
        assert crops.shape == (len(windows), 32, 32, 3)
        return Looks(windows[:, 2] - 30, windows + np.array([1.0, 0.0, 0.0]))


WINDOWS = np.array([[50.0, 50.0, side] for side in (20.0, 28.0, 30.0, 33.0)])


@pytest.mark.parametrize(("complete", "sides"), [(True, [33, 30, 28]), (False, [30, 28])])
def test_hard_windows_are_taken_as_they_are_and_as_moved(
    complete: bool, sides: list[float], photo: LabelledPhoto
) -> None:
    hard = HardWindows(Network())  # type: ignore[arg-type]
    assert 30 - 30 < SURE_LOGIT < 33 - 30
    image = np.zeros((180, 240, 3), np.uint8)
    chosen = hard(replace(photo, complete=complete), image, WINDOWS)
    assert chosen[:, 2].tolist() == sides * 2
    assert chosen[:, 0].tolist() == [50.0] * len(sides) + [51.0] * len(sides)
