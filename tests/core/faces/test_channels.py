import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.faces.channels import MOSAIC_SIZE, PLANE_PX, ChannelExtractor
from maskdet_core.faces.loading import TREES_MANIFEST
from maskdet_core.faces.proposals import Proposals
from maskdet_core.faces.verifier import Verifier

CENTRE, SIDE = (224.0, 117.0), 126.0
VERIFIER = TREES_MANIFEST.with_name("maskdet-haar-check.xml")


def plane(mosaic: NDArray[np.uint8], number: int) -> NDArray[np.float64]:
    row, column = divmod(number, 3)
    part = mosaic[row * PLANE_PX :, column * PLANE_PX :][:PLANE_PX, :PLANE_PX]
    return part.astype(float)


def test_mosaic_shows_context_detail_gradients_and_colour(
    portrait: NDArray[np.uint8],
) -> None:
    before = portrait.copy()
    mosaic = ChannelExtractor(portrait).mosaic(CENTRE, SIDE)
    assert mosaic.shape == MOSAIC_SIZE[::-1] and mosaic.dtype == np.uint8
    assert np.array_equal(portrait, before)
    # the detail channel is the middle of the context channel at twice the size
    middle = cv2.resize(plane(mosaic, 0)[12:36, 12:36], (PLANE_PX, PLANE_PX))
    assert np.corrcoef(middle.ravel(), plane(mosaic, 1).ravel())[0, 1] > 0.95
    assert plane(mosaic, 1).mean() == pytest.approx(128, abs=3)
    # skin is redder and less blue than the wall behind
    assert plane(mosaic, 4)[20:30, 20:28].mean() > plane(mosaic, 4)[:6, :8].mean() + 5
    assert plane(mosaic, 5)[20:30, 20:28].mean() < plane(mosaic, 5)[:6, :8].mean() - 5


@pytest.mark.parametrize("number", [2, 3])
def test_gradients_are_directional(number: int) -> None:
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::16] = stripes[:, 1::16] = 255
    image = stripes if number == 2 else np.ascontiguousarray(stripes.transpose(1, 0, 2))
    mosaic = ChannelExtractor(image).mosaic((48, 48), 48)
    assert plane(mosaic, number).mean() > 5
    assert plane(mosaic, 5 - number).mean() == 0


def test_brightness_and_contrast_are_normalised(portrait: NDArray[np.uint8]) -> None:
    dim = (portrait * 0.5).astype(np.uint8)
    one, other = (ChannelExtractor(image).mosaic(CENTRE, SIDE) for image in (portrait, dim))
    for number in range(4):
        assert np.abs(plane(one, number) - plane(other, number)).mean() < 4


def test_tilt_rotates_the_head_upright(portrait: NDArray[np.uint8]) -> None:
    matrix = cv2.getRotationMatrix2D(CENTRE, -30, 1.0)
    tilted = np.asarray(
        cv2.warpAffine(portrait, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    upright = plane(ChannelExtractor(portrait).mosaic(CENTRE, SIDE), 1)
    back = plane(ChannelExtractor(tilted).mosaic(CENTRE, SIDE, 30.0), 1)
    wrong = plane(ChannelExtractor(tilted).mosaic(CENTRE, SIDE, -30.0), 1)
    assert np.corrcoef(upright.ravel(), back.ravel())[0, 1] > 0.97
    assert np.corrcoef(upright.ravel(), wrong.ravel())[0, 1] < 0.8


@pytest.mark.parametrize("scale", [0.25, 0.5, 2.0])
def test_mosaic_is_invariant_to_scale(scale: float, portrait: NDArray[np.uint8]) -> None:
    size = (round(512 * scale), round(512 * scale))
    scaled = np.asarray(cv2.resize(portrait, size, interpolation=cv2.INTER_AREA), np.uint8)
    x, y = CENTRE
    one = ChannelExtractor(portrait).mosaic(CENTRE, SIDE)
    other = ChannelExtractor(scaled).mosaic((x * scale, y * scale), SIDE * scale)
    for number in (0, 1, 4, 5):
        a, b = plane(one, number).ravel(), plane(other, number).ravel()
        assert np.corrcoef(a, b)[0, 1] > 0.93


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (20, 20)])
@pytest.mark.parametrize("side", [3.0, 24.0, 500.0])
def test_tiny_images_and_windows_past_the_edge_give_a_mosaic(
    shape: tuple[int, int], side: float
) -> None:
    mosaic = ChannelExtractor(np.full((*shape, 3), 90, np.uint8)).mosaic((-5.0, 400.0), side)
    assert mosaic.shape == MOSAIC_SIZE[::-1]


def test_verifier_separates_the_face_from_the_wall(portrait: NDArray[np.uint8]) -> None:
    squares = np.array([[161.0, 54.0, 126.0], [20.0, 20.0, 100.0]])
    proposals = Proposals(squares, np.zeros(2), np.zeros(2))
    face, wall = Verifier(VERIFIER).score(ChannelExtractor(portrait), proposals)
    assert face > 3
    assert wall < -3
    assert len(Verifier(VERIFIER).score(ChannelExtractor(portrait), proposals[:0])) == 0
