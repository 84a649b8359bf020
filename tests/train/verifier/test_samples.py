from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.faces.nms import pairwise_overlaps
from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.window_crops import Windows
from maskdet_core.faces.windows import boxes_of
from maskdet_core.types import RgbImage
from train.data.annotations.photos import LabelledPhoto
from train.data.annotations.seen_boxes import SeenBoxes
from train.verifier.framing import FIRST_LOOK
from train.verifier.samples import FACE_IOU, OTHER_IOU, STEPS, Samples, VisitConfig, labelled, visit

NONE = np.empty((0, 4))


@pytest.fixture(scope="module")
def proposers() -> list[HaarProposer]:
    manifest = CascadeManifest.load(DEFAULT_MANIFEST)
    path = manifest.proposals.resolve(DEFAULT_MANIFEST.parent)
    return [HaarProposer(path, manifest.window_px, step) for step in STEPS]


def visited(
    photo: LabelledPhoto,
    proposers: list[HaarProposer],
    config: VisitConfig,
    doubtful: object = NONE,
) -> tuple[Samples, NDArray[np.float64]]:
    """Samples of one visit, and the overlap of each with its face."""
    samples = visit(photo, np.asarray(doubtful), proposers, np.random.default_rng(1), config)
    iou, _ = labelled(samples, np.tile([0.0, 0.0, 1.0], (len(samples), 1)))
    return samples, iou.astype(float)


@pytest.mark.parametrize("zooms", [(1.0, 1.0), (0.8, 0.8)])
def test_a_visit_gives_faces_and_others_and_nothing_between(
    zooms: tuple[float, float], photo: LabelledPhoto, proposers: list[HaarProposer]
) -> None:
    samples, iou = visited(photo, proposers, VisitConfig(zooms, others=10, unproposed=5))
    assert samples.crops.shape == (len(samples), FIRST_LOOK.stored_px, FIRST_LOOK.stored_px, 3)
    faces, others = iou >= FACE_IOU, iou < OTHER_IOU
    assert faces.sum() >= 2 and others.sum() >= 2
    assert (faces | others).all()
    # the drawn face is the only thing as bright in the middle
    middle = samples.crops[:, 20:36, 20:36].mean(axis=(1, 2, 3))
    assert middle[faces].mean() > middle[others].mean()


def test_boxes_that_may_be_faces_are_left_out(
    photo: LabelledPhoto, proposers: list[HaarProposer]
) -> None:
    config = VisitConfig(others=40, unproposed=40)
    unlabelled = replace(photo, boxes=(), labels=())
    samples, _ = visited(unlabelled, proposers, config)
    assert np.isnan(samples.faces).all()
    everywhere = [[x, y, 46.0, 60.0] for x in range(-40, 260, 8) for y in range(-40, 200, 8)]
    fewer, _ = visited(unlabelled, proposers, config, everywhere)
    assert len(fewer) < len(samples)


def test_chosen_windows_are_taken_unless_they_show_a_face(
    photo: LabelledPhoto, proposers: list[HaarProposer]
) -> None:
    def choose(seen: LabelledPhoto, image: RgbImage, windows: Windows) -> Windows:
        assert seen is photo and image.shape == (180, 240, 3)
        return np.array([[53.0, 70.0, 60.0], [200.0, 20.0, 30.0]])

    config = VisitConfig(per_face=0, jittered=0)
    samples = visit(photo, NONE, proposers, np.random.default_rng(0), config, choose)
    assert len(samples) == 1
    # from the window's centre to the face's left and upper edge, in windows
    assert samples.faces[0, 0] == pytest.approx((30 - 200) / 30)
    assert samples.faces[0, 1] == pytest.approx((photo.reference_boxes_px()[0, 1] - 20) / 30)


def test_overlap_follows_a_moved_window() -> None:
    crops = np.zeros((3, FIRST_LOOK.stored_px, FIRST_LOOK.stored_px, 3), np.uint8)
    face = [-0.385, -0.5, 0.77, 1.0]
    samples = Samples(crops, np.array([face, face, [np.nan] * 4], np.float32), FIRST_LOOK)
    moves = np.array([[0.0, 0.0, 1.0], [0.2, 0.0, 1.0], [0.0, 0.0, 1.0]])
    iou, around = labelled(samples, moves)
    expected, _ = pairwise_overlaps(boxes_of(moves[1:2]), np.array([face]))
    assert iou == pytest.approx([1.0, expected[0, 0], 0.0], abs=1e-5)
    assert around[0] == pytest.approx([0.0, 0.0, 1.0], abs=1e-5)


def test_samples_are_stored_and_joined(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (4, FIRST_LOOK.stored_px, FIRST_LOOK.stored_px, 3), np.uint8)
    samples = Samples(crops, rng.normal(size=(4, 4)).astype(np.float32), FIRST_LOOK)
    samples.save(tmp_path / "samples.npz")
    read = Samples.joined([Samples.load(tmp_path / "samples.npz"), samples[:1]])
    assert len(read) == 5
    assert np.array_equal(read.crops[:4], crops) and np.array_equal(read.faces[:4], samples.faces)
    assert read.framing == FIRST_LOOK


def test_windows_on_what_was_seen_to_be_no_face_are_taken_and_on_what_may_be_one_are_not(
    photo: LabelledPhoto, proposers: list[HaarProposer]
) -> None:
    config = VisitConfig(others=500, unproposed=0, confirmed=3)
    plain, _ = visited(photo, proposers, config)
    confirmed = replace(photo, seen=SeenBoxes(no_face=((150, 100, 46, 60),)))
    more, iou = visited(confirmed, proposers, config)
    assert len(more) == len(plain) + 3
    assert (iou[-3:] < OTHER_IOU).all()
    everywhere = tuple((x, y, 46.0, 60.0) for x in range(0, 240, 12) for y in range(0, 180, 12))
    _, iou = visited(replace(photo, seen=SeenBoxes(unclear=everywhere)), proposers, config)
    assert (iou < OTHER_IOU).sum() < (visited(photo, proposers, config)[1] < OTHER_IOU).sum()
