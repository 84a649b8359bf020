from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.faces.verifier_network import moved
from maskdet_core.faces.window_crops import WindowCutter
from train.verifier.batches import BatchConfig, BatchSource, plain, sampled, varied
from train.verifier.framing import FIRST_LOOK, SECOND_LOOK, Framing
from train.verifier.samples import Samples

STILL = BatchConfig(8, shift=0, growth=0, turn_deg=0, light=0, offset=0, grey=0, soft=0, noisy=0)
FACE = (-0.385, -0.5, 0.77, 1.0)


def samples(n_faces: int, n_others: int) -> Samples:
    """Crops of faces are bright left of the middle, others dark."""
    crops = np.full(
        (n_faces + n_others, FIRST_LOOK.stored_px, FIRST_LOOK.stored_px, 3), 40, np.uint8
    )
    crops[:n_faces, :, : FIRST_LOOK.stored_px // 2] = 220
    faces = np.full((n_faces + n_others, 4), np.nan, np.float32)
    faces[:n_faces] = FACE
    return Samples(crops, faces, FIRST_LOOK)


def test_batches_depend_on_seed_epoch_and_number_alone() -> None:
    source = BatchSource(samples(5, 9), BatchConfig(16), 3)
    again = BatchSource(samples(5, 9), BatchConfig(16), 3)
    assert np.array_equal(source.batch(1, 2).pictures, again.batch(1, 2).pictures)
    assert not np.array_equal(source.batch(1, 2).pictures, source.batch(1, 3).pictures)
    assert not np.array_equal(source.batch(1, 2).pictures, source.batch(2, 2).pictures)


def test_share_of_faces_and_ranges() -> None:
    batch = BatchSource(samples(5, 9), BatchConfig(40, faces=0.4, shift=0.0), 0).batch(0, 0)
    assert batch.pictures.shape == (40, FIRST_LOOK.input_px, FIRST_LOOK.input_px, 3)
    assert batch.pictures.min() >= 0 and batch.pictures.max() <= 255
    assert batch.is_face.sum() == 16
    assert batch.counts.min() == 1
    assert np.array_equal(batch.has_offsets, batch.is_face)


def test_windows_moved_between_face_and_none_count_for_neither() -> None:
    config = replace(STILL, shift=0.45)
    batch = varied(samples(400, 0), np.random.default_rng(0), config)
    assert 0 < (batch.counts == 0).sum() < 400
    assert (batch.is_face[batch.counts == 0] == 0).all()
    assert (batch.has_offsets[batch.counts == 0] == 1).all()


def test_offsets_lead_back_to_the_face() -> None:
    config = replace(STILL, shift=0.1, growth=0.2)
    batch = varied(samples(60, 0), np.random.default_rng(0), config)
    # the edge between bright and dark lies in the middle of the face
    bright = batch.pictures[:, 16, :, 0] > 130
    mirrored = ~bright[:, 0]
    px = FIRST_LOOK.input_px
    edge = np.where(mirrored, px - bright.sum(axis=1), bright.sum(axis=1)) / px - 0.5
    assert 10 < mirrored.sum() < 50
    assert batch.offsets[:, 0] / 5 == pytest.approx(FIRST_LOOK.context * edge, abs=0.06)
    sides = moved(np.tile([0.0, 0.0, 1.0], (60, 1)), batch.offsets.astype(float))[:, 2]
    assert 1 / 1.25 < sides.min() < sides.max() < 1.25


def test_offsets_turn_with_the_picture() -> None:
    """The one bright spot is the face's centre, and stays where the offsets say."""
    stored, n = FIRST_LOOK.stored_px, 60
    crops = np.zeros((n, stored, stored, 3), np.uint8)
    middle = stored // 2
    crops[:, middle - 2 : middle + 2, middle - 2 : middle + 2] = 255
    faces = np.tile(np.float32(FACE), (n, 1))
    config = replace(STILL, shift=0.2, tilted=1.0, tilt_deg=80)
    batch = varied(Samples(crops, faces, FIRST_LOOK), np.random.default_rng(0), config)
    brightness = batch.pictures[..., 0] / batch.pictures[..., 0].sum(axis=(1, 2), keepdims=True)
    places = (np.arange(FIRST_LOOK.input_px) + 0.5) / FIRST_LOOK.input_px - 0.5
    seen = np.stack([brightness.sum(axis=1) @ places, brightness.sum(axis=2) @ places], axis=1)
    assert np.ptp(batch.offsets[:, 0]) > 1
    assert batch.offsets[:, :2] / 5 == pytest.approx(FIRST_LOOK.context * seen, abs=0.04)


def test_a_share_is_tilted() -> None:
    config = replace(STILL, tilted=0.25, tilt_deg=40)
    none = np.full((400, 4), np.nan, np.float32)
    upper_half = np.zeros((400, FIRST_LOOK.stored_px, FIRST_LOOK.stored_px, 3), np.uint8)
    upper_half[:, : FIRST_LOOK.stored_px // 2] = 255
    batch = varied(Samples(upper_half, none, FIRST_LOOK), np.random.default_rng(0), config)
    across = np.ptp(batch.pictures[:, 16, :, 0], axis=1) > 128
    assert 70 < across.sum() < 130


@pytest.mark.parametrize("framing", [FIRST_LOOK, SECOND_LOOK])
def test_plain_crops_equal_those_of_serving(framing: Framing, portrait: NDArray[np.uint8]) -> None:
    windows = np.array([[224.0, 117.0, 90.0], [150.0, 300.0, 60.0]])
    cutter = WindowCutter(portrait)
    stored = cutter.cut(windows, framing.stored_context, framing.stored_px)
    seen = plain(Samples(stored, np.full((2, 4), np.nan, np.float32), framing))
    served = cutter.cut(windows, framing.context, framing.input_px)
    assert np.abs(seen.astype(int) - served).mean() < 4


def test_a_turn_moves_the_top_sideways() -> None:
    crops = np.zeros((1, FIRST_LOOK.stored_px, FIRST_LOOK.stored_px, 3), np.uint8)
    crops[0, 12:20, 26:30] = 255
    one = Samples(crops, np.full((1, 4), np.nan, np.float32), FIRST_LOOK)
    turned = sampled(one, np.array([[0.0, 0.0, 1.0]]), np.array([0.3]), np.array([False]))
    upright = sampled(one, np.array([[0.0, 0.0, 1.0]]), np.array([0.0]), np.array([False]))
    columns = [np.nonzero(c[0, :, :, 0] > 128)[1].mean() for c in (upright, turned)]
    assert abs(columns[0] - 15.5) < 1
    assert abs(columns[1] - columns[0]) > 1.5
