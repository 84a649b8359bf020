import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, MaskDetector, blur_faces

FACE = FaceBox(180, 70, 100, 130)


def test_face_is_not_found_any_more_and_the_rest_is_unchanged(portrait: NDArray[np.uint8]) -> None:
    before = portrait.copy()
    blurred = blur_faces(portrait, [FACE])
    assert np.array_equal(portrait, before)
    outside = np.ones(portrait.shape[:2], bool)
    outside[40:230, 150:310] = False
    assert np.array_equal(blurred[outside], portrait[outside])
    detector = MaskDetector.load(min_face_px=60)
    found = [
        max((face.box.iou(FACE) for face in detector.detect(picture)), default=0.0)
        for picture in (portrait, blurred)
    ]
    assert found[0] > 0.5
    assert found[1] < 0.2


def test_no_fine_detail_remains(portrait: NDArray[np.uint8]) -> None:
    inner = np.s_[100:170, 205:255]
    grey = [
        cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        for picture in (portrait, blur_faces(portrait, [FACE]))
    ]
    sharp, smooth = (np.abs(cv2.Laplacian(picture, cv2.CV_32F)[inner]).mean() for picture in grey)
    assert smooth < sharp / 5


@pytest.mark.parametrize(
    "box",
    [FaceBox(-20, -20, 60, 60), FaceBox(60, 60, 500, 500), FaceBox(0, 0, 1, 1)],
    ids=["corner", "larger than the picture", "one pixel"],
)
def test_boxes_past_the_edge_are_blurred_inside(box: FaceBox) -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 80, 3), np.uint8)
    blurred = blur_faces(image, [box])
    assert blurred.shape == image.shape
    assert not np.array_equal(blurred, image) or box.w == 1


def test_box_outside_the_image_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 80, 3), np.uint8)
    assert np.array_equal(blur_faces(image, [FaceBox(200, 200, 20, 20)]), image)


def test_other_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        blur_faces(np.zeros((4, 4, 3), np.float32), [])  # type: ignore[arg-type]
