from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.proposals import HaarProposer, rotated
from maskdet_core.faces.pyramid import grey_image, pyramid

SEARCH = DEFAULT_MANIFEST.with_name("maskdet-haar-search.xml")


def test_candidates_are_picked_like_rows(portrait: NDArray[np.uint8]) -> None:
    found = HaarProposer(SEARCH, 24, 1.25, (-30.0, 30.0)).find(grey_image(portrait), 40)
    assert len(found) == len(found.squares) == len(found.tilts_deg) > 20
    assert set(found.tilts_deg) == {-30.0, 0.0, 30.0}
    best = found[np.argsort(-found.scores)[:3]]
    assert len(best) == 3
    assert best.scores[0] == found.scores.max()
    assert len(found[found.tilts_deg > 90]) == 0


def test_windows_are_no_smaller_than_asked(portrait: NDArray[np.uint8]) -> None:
    search = HaarProposer(SEARCH, 24, 1.25, (-30.0,))
    for least in (10, 40, 90):
        found = search.find(grey_image(portrait), least)
        assert found.squares[:, 2].min() >= max(least, 24) * 0.95


def test_missing_cascade_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(CascadeError, match="no file"):
        HaarProposer(tmp_path / "none.xml", 24, 1.25)


@pytest.mark.parametrize("tilt_deg", [-30.0, 20.0, 90.0])
@pytest.mark.parametrize("zoom", [1.0, 0.4])
def test_turning_there_and_back_ends_where_it_began(tilt_deg: float, zoom: float) -> None:
    grey = np.zeros((120, 200), np.uint8)
    cv2.circle(grey, (150, 40), 12, 255, -1)
    picture, back = rotated(grey, tilt_deg, zoom)
    ys, xs = np.nonzero(picture > 128)
    side = 2 * 12 * zoom
    square = np.array([[xs.mean() - side / 2, ys.mean() - side / 2, side]])
    assert back(square)[0] == pytest.approx([138, 28, 24], abs=3)
    assert back(np.empty((0, 3))).shape == (0, 3)


def test_pyramid_ends_with_the_window_and_never_changes_the_picture() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (480, 640), np.uint8)
    before = grey.copy()
    levels = list(pyramid(grey, first=0.5, step=1.2, least_px=24))
    assert levels[0][0].shape == (240, 320)
    assert min(levels[-1][0].shape) >= 24 > min(levels[-1][0].shape) / 1.2 - 1
    zooms = [zoom for _, zoom in levels]
    assert zooms == pytest.approx([0.5 / 1.2**i for i in range(len(zooms))])
    # averaging keeps the mean where single pixels of noise would not
    assert all(abs(level.mean() - grey.mean()) < 2 for level, _ in levels)
    assert all(level.std() < 40 for level, _ in levels[1:])
    assert np.array_equal(grey, before)
