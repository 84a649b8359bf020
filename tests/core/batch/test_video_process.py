"""A stranger's video is checked in a process that goes when nobody wants it any more."""

import io
import time

import av
import numpy as np
import pytest

from maskdet_core.batch.video_process import (
    UnwantedError,
    VideoJobOptions,
    VideoOutcome,
    check_in_process,
)
from maskdet_core.errors import VideoError
from testbed.films import film_bytes
from testbed.scenes import scene

LIMITS = (10**8, 600.0, 10**7)


@pytest.fixture(scope="module")
def film() -> bytes:
    return film_bytes((n / 10, image) for n, image in enumerate(scene(1, 10)))


def check(data: bytes, options: VideoJobOptions) -> VideoOutcome:
    return check_in_process("=x.mp4", data, options, lambda: True, lambda *_: None)


def test_result_pictures_and_film_come_back(film: bytes) -> None:
    labels = {name: "Uno" for name in ("with_mask", "worn_wrong", "without_mask", "not_sure")}
    options = VideoJobOptions(*LIMITS, film=True, blur=True, labels=labels, looking="Ya")
    told: list[tuple[float, float | None]] = []
    outcome = check_in_process("=x.mp4", film, options, lambda: True, lambda *one: told.append(one))
    assert (outcome.row["path"], outcome.row["n_people"]) == ("=x.mp4", 1)
    assert len(outcome.pictures) == len(outcome.row["moments"]) == 1
    assert outcome.film is not None
    with av.open(io.BytesIO(outcome.film)) as container:
        frames = [one.to_ndarray(format="rgb24") for one in container.decode(video=0)]
    assert np.shape(frames) == (10, 480, 640, 3)
    assert told


@pytest.mark.parametrize(
    ("limits", "message"),
    [((100, 600.0, 10**7), "expected at most"), ((10**8, 0.5, 10**7), "expected at most 0:00 min")],
)
def test_limits_are_those_of_the_caller(
    film: bytes, limits: tuple[int, float, int], message: str
) -> None:
    with pytest.raises(VideoError, match=message):
        check(film, VideoJobOptions(*limits))


def test_it_ends_at_once_when_it_is_unwanted(film: bytes) -> None:
    began_s = time.monotonic()
    with pytest.raises(UnwantedError):
        check_in_process(
            "x.mp4",
            film,
            VideoJobOptions(*LIMITS),
            lambda: time.monotonic() - began_s < 0.3,
            lambda *_: None,
        )
