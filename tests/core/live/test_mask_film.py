"""Verdicts over a moving head: a mask put on, pulled down and taken off shows soon and steadily."""

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import LiveProcessor, MaskDetector, Verdict, load_finder
from maskdet_core.live import AdmissionControl
from testbed.pictures.drawn_masks import DrawnMaskClassifier
from testbed.pictures.mask_film import STAY_S, mask_film
from tests.core.live.fakes import Clock, ManualWorker

SHOWN_WITHIN_S = 0.7


@pytest.mark.parametrize("fps", [12.0, 30.0])
def test_verdict_follows_the_mask(
    fps: float, portrait: NDArray[np.uint8], clock: Clock, worker: ManualWorker
) -> None:
    detector = MaskDetector(load_finder("live"), DrawnMaskClassifier(), min_face_share=1 / 6)
    live = LiveProcessor(detector, worker, AdmissionControl(1, clock=clock), 0.6, clock=clock)
    start_s, seen = clock.now, set()
    for frame in mask_film(portrait, fps):
        clock.now = start_s + frame.at_s
        found = live.process(frame.image_rgb)
        if (due_s := live.due_at_s(1.0)) is not None and due_s <= clock.now:
            # the result shows on the next frame
            live.infer(1.0)
        if frame.truth is None or frame.since_s < SHOWN_WITHIN_S:
            continue
        assert [face.verdict for face in found] == [frame.truth], frame.at_s
        assert found.unjudged == ()
        seen.add(frame.truth)
    assert SHOWN_WITHIN_S < STAY_S
    assert seen == {Verdict.WITH_MASK, Verdict.WORN_WRONG, Verdict.WITHOUT_MASK}
