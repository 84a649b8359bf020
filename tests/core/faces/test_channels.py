import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.faces.channels import MOSAIC, PLANE_PX, ChannelExtractor
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.proposals import Proposals
from maskdet_core.faces.verifier import Verifier

CENTRE, SIDE = (224.0, 117.0), 126.0
CHECK = DEFAULT_MANIFEST.with_name("maskdet-haar-check.xml")


def plane(mosaic: NDArray[np.uint8], number: int) -> NDArray[np.float64]:
    row, column = divmod(number, 3)
    part = mosaic[row * PLANE_PX :, column * PLANE_PX :][:PLANE_PX, :PLANE_PX]
    return part.astype(float)


def test_mosaic_shows_surroundings_detail_gradients_and_colour(
    portrait: NDArray[np.uint8],
) -> None:
    before = portrait.copy()
    mosaic = ChannelExtractor(portrait).cut(CENTRE, SIDE)
    assert mosaic.shape == MOSAIC[::-1] and mosaic.dtype == np.uint8
    assert np.array_equal(portrait, before)
    # the detail plane is the middle of the first one at twice the size
    middle = cv2.resize(plane(mosaic, 0)[12:36, 12:36], (PLANE_PX, PLANE_PX))
    assert np.corrcoef(middle.ravel(), plane(mosaic, 1).ravel())[0, 1] > 0.95
    assert plane(mosaic, 1).mean() == pytest.approx(128, abs=3)
    # skin is redder and less blue than the wall behind
    assert plane(mosaic, 4)[20:30, 20:28].mean() > plane(mosaic, 4)[:6, :8].mean() + 5
    assert plane(mosaic, 5)[20:30, 20:28].mean() < plane(mosaic, 5)[:6, :8].mean() - 5


@pytest.mark.parametrize("number", [2, 3])
def test_gradients_know_their_direction(number: int) -> None:
    stripes = np.zeros((96, 96, 3), np.uint8)
    stripes[:, ::16] = stripes[:, 1::16] = 255
    image = stripes if number == 2 else np.ascontiguousarray(stripes.transpose(1, 0, 2))
    mosaic = ChannelExtractor(image).cut((48, 48), 48)
    assert plane(mosaic, number).mean() > 5
    assert plane(mosaic, 5 - number).mean() == 0


def test_light_and_contrast_do_not_matter(portrait: NDArray[np.uint8]) -> None:
    dim = (portrait * 0.5).astype(np.uint8)
    one, other = (ChannelExtractor(image).cut(CENTRE, SIDE) for image in (portrait, dim))
    for number in range(4):
        assert np.abs(plane(one, number) - plane(other, number)).mean() < 4


def test_tilt_turns_the_head_upright(portrait: NDArray[np.uint8]) -> None:
    matrix = cv2.getRotationMatrix2D(CENTRE, -30, 1.0)
    tilted = np.asarray(
        cv2.warpAffine(portrait, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
    upright = plane(ChannelExtractor(portrait).cut(CENTRE, SIDE), 1)
    back = plane(ChannelExtractor(tilted).cut(CENTRE, SIDE, 30.0), 1)
    wrong = plane(ChannelExtractor(tilted).cut(CENTRE, SIDE, -30.0), 1)
    assert np.corrcoef(upright.ravel(), back.ravel())[0, 1] > 0.97
    assert np.corrcoef(upright.ravel(), wrong.ravel())[0, 1] < 0.8


@pytest.mark.parametrize("scale", [0.25, 0.5, 2.0])
def test_size_does_not_matter(scale: float, portrait: NDArray[np.uint8]) -> None:
    size = (round(512 * scale), round(512 * scale))
    scaled = np.asarray(cv2.resize(portrait, size, interpolation=cv2.INTER_AREA), np.uint8)
    x, y = CENTRE
    one = ChannelExtractor(portrait).cut(CENTRE, SIDE)
    other = ChannelExtractor(scaled).cut((x * scale, y * scale), SIDE * scale)
    for number in (0, 1, 4, 5):
        a, b = plane(one, number).ravel(), plane(other, number).ravel()
        assert np.corrcoef(a, b)[0, 1] > 0.93


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (20, 20)])
@pytest.mark.parametrize("side", [3.0, 24.0, 500.0])
def test_odd_pictures_and_squares_past_the_edge_are_cut(
    shape: tuple[int, int], side: float
) -> None:
    mosaic = ChannelExtractor(np.full((*shape, 3), 90, np.uint8)).cut((-5.0, 400.0), side)
    assert mosaic.shape == MOSAIC[::-1]


def test_check_tells_the_face_from_the_wall(portrait: NDArray[np.uint8]) -> None:
    squares = np.array([[161.0, 54.0, 126.0], [20.0, 20.0, 100.0]])
    candidates = Proposals(squares, np.zeros(2), np.zeros(2))
    face, wall = Verifier(CHECK).score(ChannelExtractor(portrait), candidates)
    assert face > 3
    assert wall < -3
    assert len(Verifier(CHECK).score(ChannelExtractor(portrait), candidates[:0])) == 0
