"""Numbers burnt into frames are read again after compression and scaling."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from testbed.pictures.frame_numbers import MAX_NUMBER, burn, read


@pytest.mark.parametrize("number", [0, 1, 2, 341, 682, MAX_NUMBER])
@pytest.mark.parametrize("size", [(640, 480), (480, 360), (320, 240)])
def test_number_survives_compression_and_scaling(
    number: int, size: tuple[int, int], portrait: NDArray[np.uint8]
) -> None:
    picture = np.asarray(cv2.resize(portrait, (640, 480)), np.uint8)
    small = cv2.resize(burn(picture, number), size, interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    read_back = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
    for seen in (read_back, read_back[:, ::-1], read_back.mean(axis=2).astype(np.uint8)):
        assert read(seen) == number


def test_a_damaged_bar_has_no_number(portrait: NDArray[np.uint8]) -> None:
    burnt = burn(portrait, 341)
    burnt[:, round(0.5 * burnt.shape[1]) : round(0.54 * burnt.shape[1])] = 255
    assert read(burnt) is None


def test_numbers_beyond_the_bits_are_refused(portrait: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="number"):
        burn(portrait, MAX_NUMBER + 1)
