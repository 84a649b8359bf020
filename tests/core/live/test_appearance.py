"""Changes of a face's appearance."""

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.live.appearance import face_patch, has_changed


def test_a_mask_is_a_change_but_light_and_jitter_are_not(astronaut_rgb: NDArray[np.uint8]) -> None:
    grey = np.asarray(cv2.cvtColor(astronaut_rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    box = np.array([170.0, 65, 110, 130])
    before = face_patch(grey, box, 512)
    darker = np.asarray(grey * 0.6, np.uint8)
    assert not has_changed(before, face_patch(darker, box, 512))
    assert not has_changed(before, face_patch(grey, np.add(box, [3, -2, 2, 2]), 512))
    masked = grey.copy()
    cv2.ellipse(masked, (225, 165), (42, 32), 0, 0, 360, 215, -1)
    assert has_changed(before, face_patch(masked, box, 512))


def test_a_face_too_small_or_outside_has_no_patch() -> None:
    grey = np.zeros((240, 320), np.uint8)
    assert face_patch(grey, np.array([10.0, 10, 5, 5]), 320) is None
    assert face_patch(grey, np.array([-90.0, 10, 50, 50]), 320) is None
    assert not has_changed(None, None)
