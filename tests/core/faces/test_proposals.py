from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.faces.nms import pairwise_overlaps
from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.pyramid import grey_image, pyramid
from maskdet_core.faces.windows import boxes_of, windows_of
from tests.core.faces.pictures import FACE

MANIFEST = CascadeManifest.load(DEFAULT_MANIFEST)


def proposer() -> HaarProposer:
    return HaarProposer(MANIFEST.proposals.resolve(DEFAULT_MANIFEST.parent), MANIFEST.window_px)


def test_windows_of_a_face_are_proposed(portrait: NDArray[np.uint8]) -> None:
    found = proposer().find(grey_image(portrait), 40, 1.25)
    assert len(found) == len(found.squares) == len(found.scores) > 5
    iou, _ = pairwise_overlaps(
        boxes_of(windows_of(found.squares)), np.array([[FACE.x, FACE.y, FACE.w, FACE.h]], float)
    )
    assert iou.max() > 0.6


def test_a_coarser_step_gives_fewer_windows(portrait: NDArray[np.uint8]) -> None:
    counts = [len(proposer().find(grey_image(portrait), 40, step)) for step in (1.1, 1.6)]
    assert counts[0] > 2 * counts[1] > 0


def test_windows_are_not_smaller_than_the_minimum(portrait: NDArray[np.uint8]) -> None:
    for min_window_px in (10, 40, 90):
        found = proposer().find(grey_image(portrait), min_window_px, 1.25)
        assert found.squares[:, 2].min() >= max(min_window_px, MANIFEST.window_px) * 0.95


def test_missing_cascade_is_an_error_at_load(tmp_path: Path) -> None:
    with pytest.raises(CascadeError, match="no file"):
        HaarProposer(tmp_path / "none.xml", 24)


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
