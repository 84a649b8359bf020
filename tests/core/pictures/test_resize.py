import numpy as np
import pytest

from maskdet_core.pictures.resize import shrink_within


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((400, 200), (100, 50)), ((100, 100), (100, 100)), ((5000, 1), (100, 1)), ((3, 2), (3, 2))],
)
def test_shrinking_keeps_the_shape_and_never_enlarges(
    size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    image = np.full((*size, 3), 77, np.uint8)
    small = shrink_within(image, 100)
    assert small.shape[:2] == wanted
    assert np.all(small == 77)
    with pytest.raises(ValueError, match="1 or more"):
        shrink_within(image, 0)
