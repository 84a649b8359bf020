from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.pyramid import grey_image, halved, pyramid

PROPOSER, WINDOW_PX = DEFAULT_MANIFEST.with_name("maskdet-haar-search.xml"), 16


def test_windows_are_not_smaller_than_the_minimum(portrait: NDArray[np.uint8]) -> None:
    proposer = HaarProposer(PROPOSER, WINDOW_PX, 1.25)
    for min_window_px in (10, 40, 90):
        found = proposer.find(grey_image(portrait), min_window_px)
        assert len(found.squares) == len(found.scores) > 20
        assert found.squares[:, 2].min() >= max(min_window_px, WINDOW_PX) * 0.95


def test_missing_cascade_is_an_error_at_load(tmp_path: Path) -> None:
    with pytest.raises(CascadeError, match="no file"):
        HaarProposer(tmp_path / "none.xml", WINDOW_PX, 1.25)


def test_pyramid_ends_at_the_minimum_side_and_keeps_the_image() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (480, 640), np.uint8)
    before = grey.copy()
    levels = list(pyramid(grey, first=0.5, step=1.2, min_side_px=24))
    assert levels[0][0].shape == (240, 320)
    assert min(levels[-1][0].shape) >= 24 > min(levels[-1][0].shape) / 1.2 - 1
    scales = [scale for _, scale in levels]
    assert scales == pytest.approx([0.5 / 1.2**i for i in range(len(scales))])
    # averaging keeps the mean where single pixels of noise would not
    assert all(abs(level.mean() - grey.mean()) < 2 for level, _ in levels)
    assert all(level.std() < 40 for level, _ in levels[1:])
    assert np.array_equal(grey, before)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((4, 6), (2, 3)), ((5, 7, 3), (2, 3, 3)), ((1, 8), (1, 4)), ((3, 1, 3), (1, 1, 3))],
)
def test_half_of_an_image_leaves_an_odd_edge_out(
    shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    image = np.full(shape, 40, np.uint8)
    image[: 2 * (shape[0] // 2) or 1, : 2 * (shape[1] // 2) or 1] = 80
    small = halved(image)
    assert small.shape == expected
    assert (small == 80).all()
