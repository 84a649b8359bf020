"""One person is counted once, also where the finder returns a box around head and shoulders too."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, LiveProcessor, MaskDetector, Verdict, read_image
from maskdet_core.live import AdmissionControl
from tests.core.cases import case
from tests.core.live.fakes import Clock, FakeFinder, ManualWorker


def counted(live: LiveProcessor, clock: Clock, image: NDArray[np.uint8], n: int) -> list[int]:
    """Boxes shown on each of n frames, with inference on every one of them."""
    shown = []
    for _ in range(n):
        found = live.process(image)
        shown.append(len(found.boxes))
        live.infer(1.0)
        clock.now += 0.1
    return shown


def test_reported_picture_shows_one_person(
    clock: Clock, worker: ManualWorker, shipped_manifest: Path
) -> None:
    image = read_image(case("reports/live_double_320x240.png"))
    detector = MaskDetector.load(shipped_manifest, "live")
    live = LiveProcessor(detector, worker, AdmissionControl(1, clock=clock), clock=clock)
    shown = counted(live, clock, image, 20)
    assert max(shown) == shown[-1] == 1
    assert live.snapshot().count(Verdict.WITH_MASK) == 1


FACE, LOOSE = FaceBox(120, 80, 70, 80, 5.0), FaceBox(85, 50, 150, 170, 3.0)
PRINT = FaceBox(140, 130, 30, 28, 2.0)


@pytest.mark.parametrize(
    "runs",
    [
        [[FACE, LOOSE]],
        [[LOOSE, FACE]],
        [[LOOSE], [FACE, LOOSE]],
        [[FACE], [LOOSE]],
        [[LOOSE], [FACE]],
        [[FACE], [FACE, PRINT], [PRINT]],
    ],
)
def test_nested_boxes_of_any_runs_of_the_finder_are_one_person(
    runs: list[list[FaceBox]], processor: LiveProcessor, finder: FakeFinder, clock: Clock
) -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    for i in range(6):
        finder.boxes = runs[i % len(runs)]
        assert max(counted(processor, clock, image, 6)[i == 0 :]) == 1


def test_two_people_are_two(processor: LiveProcessor, finder: FakeFinder, clock: Clock) -> None:
    finder.boxes = [FaceBox(60, 80, 70, 80, 5.0), FaceBox(125, 84, 70, 80, 3.0)]
    assert counted(processor, clock, np.full((240, 320, 3), 90, np.uint8), 8)[2:] == [2] * 6
