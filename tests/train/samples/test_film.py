"""The demo film, made again and as committed."""

import av
import numpy as np
from numpy.typing import NDArray

from testbed.repository import REPO_ROOT
from train.commands.demo_film import DEMO_FILM
from train.samples.film import FPS, HEIGHT_PX, LOOP_S, N_FRAMES, WIDTH_PX, film

COMMITTED = REPO_ROOT / DEMO_FILM
MAX_BYTES = 200_000
SOME = (0, 40, 68, 100, 145, 200, 228, 287)
"""Frames with the mask in every place and on its ways between."""


def test_the_committed_film_is_the_one_that_is_made(portrait: NDArray[np.uint8]) -> None:
    assert COMMITTED.stat().st_size < MAX_BYTES
    with av.open(str(COMMITTED)) as file:
        assert {stream.type for stream in file.streams} == {"video"}
        stream = file.streams.video[0]
        assert (stream.width, stream.height) == (WIDTH_PX, HEIGHT_PX)
        assert (stream.average_rate, stream.frames) == (FPS, N_FRAMES)
        committed = [frame.to_ndarray(format="rgb24") for frame in file.decode(stream)]
    assert len(committed) == N_FRAMES == FPS * LOOP_S
    for number, made in zip(SOME, film(portrait, SOME), strict=True):
        difference = np.abs(made.astype(int) - committed[number])
        # what the encoder leaves out; a mask 10 px lower already makes 3
        assert difference.mean() < 2.5, number


def test_the_loop_has_no_seam(portrait: NDArray[np.uint8]) -> None:
    before, last, first = film(portrait, (N_FRAMES - 2, N_FRAMES - 1, 0))
    step = np.abs(last.astype(int) - before).mean()
    assert np.abs(first.astype(int) - last).mean() < 1.5 * step
