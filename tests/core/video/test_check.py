"""A video file gives people, moments and an annotated video."""

import io

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskdet_core import Verdict
from maskdet_core.errors import VideoError
from maskdet_core.video.check import NO_SOUND, Progress, VideoOptions, VideoResult, check_video
from maskdet_core.video.moments import SIDE_PX
from testbed.pictures.films import film_bytes
from tests.core.video.painted import Painted, film, painted_detector


def run(
    data: bytes, options: VideoOptions | None = None, film: io.BytesIO | None = None
) -> tuple[VideoResult, list[Progress]]:
    steps = check_video(io.BytesIO(data), painted_detector(), options, film=film)
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as stop:
            return stop.value, told


def decoded(film: io.BytesIO) -> list[tuple[float, NDArray[np.uint8]]]:
    film.seek(0)
    with av.open(film) as container:
        return [
            (frame.time or 0.0, frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


def pixels(jpeg: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def detail(image: NDArray[np.uint8]) -> float:
    """Mean difference of neighbours."""
    return float(np.abs(np.diff(image[..., 0].astype(int), axis=1)).mean())


def change(at_s: float) -> list[Painted]:
    """One person takes the mask off after 1 s."""
    return [(100, 80, "mask" if at_s < 1.0 else "bare", 1)]


def test_people_moments_and_progress() -> None:
    result, told = run(film_bytes(film(2.5, change)))
    (person,) = result.people
    assert [one.verdict for one in person.intervals] == [Verdict.WITH_MASK, Verdict.WITHOUT_MASK]
    assert person.intervals[1].start_s == pytest.approx(1.0, abs=0.1)
    assert person.intervals[1].end_s == pytest.approx(2.5, abs=0.1)
    (moment,) = result.moments
    assert moment.at_s == person.intervals[1].start_s
    picture = pixels(moment.jpeg)
    assert picture.shape == (SIDE_PX, SIDE_PX, 3)
    # the red of a bare face in its middle
    assert picture[80, 80, 0] > picture[80, 80, 1] + 50
    assert (result.width_px, result.height_px) == (320, 240)
    assert told[0] == Progress(0.0, pytest.approx(2.5, abs=0.1))
    assert told[-1].share == pytest.approx(0.96, abs=0.03)
    assert result.notes == ()


def test_a_video_without_people_is_an_ordinary_result() -> None:
    result, _ = run(film_bytes(film(1.0, lambda _: [])))
    assert (result.people, result.moments) == ((), ())


def test_the_film_has_the_same_times_and_frames_around_the_faces() -> None:
    out = io.BytesIO()
    source = film_bytes(film(1.5, change), with_sound=True)
    result, _ = run(source, film=out)
    frames = decoded(out)
    assert [at_s for at_s, _ in frames] == pytest.approx([n / 10 for n in range(15)], abs=0.002)
    plain = decoded(io.BytesIO(source))
    # the frame of a verdict is drawn around the face, and nothing in the corner
    assert np.abs(frames[5][1][76:84, 96:170].astype(int) - plain[5][1][76:84, 96:170]).max() > 80
    assert np.abs(frames[5][1][-40:, :40].astype(int) - plain[5][1][-40:, :40]).mean() < 6
    assert NO_SOUND in result.notes


def test_faces_are_blurred_from_their_first_frame_on() -> None:
    """Also in the frames before the finder has found them, and where they were just lost."""
    out = io.BytesIO()

    def people_at(at_s: float) -> list[Painted]:
        return [(100, 80, "bare", 1)] if 0.45 < at_s < 2.05 else []

    source = film_bytes(film(3.0, people_at))
    result, _ = run(source, VideoOptions(blur=True), out)
    for (at_s, image), (_, plain) in zip(decoded(out), decoded(io.BytesIO(source)), strict=True):
        if 0.45 < at_s < 2.05:
            assert detail(image[96:128, 116:148]) < 0.5 * detail(plain[96:128, 116:148]), at_s
    (moment,) = result.moments
    sharp, blurred = pixels(moment.jpeg), pixels(moment.blurred_jpeg)
    # at this size little detail is left to lose
    assert detail(blurred[60:100, 60:100]) < 0.7 * detail(sharp[60:100, 60:100])


def test_a_portrait_film_stays_upright() -> None:
    out = io.BytesIO()
    run(film_bytes(film(0.5, lambda _: []), rotation=90), film=out)
    assert decoded(out)[0][1].shape == (320, 240, 3)


def test_min_face_px_is_of_the_video_itself() -> None:
    data = film_bytes(film(1.0, lambda _: [(100, 80, "bare", 1)]))
    assert run(data, VideoOptions(min_face_px=100))[0].people == ()
    assert len(run(data, VideoOptions(min_face_px=40))[0].people) == 1


def test_what_cannot_be_read_raises() -> None:
    with pytest.raises(VideoError):
        run(b"no video at all")


def test_closing_the_steps_ends_the_check() -> None:
    source = io.BytesIO(film_bytes(film(1.0, change)))
    steps = check_video(source, painted_detector())
    next(steps)
    next(steps)
    steps.close()
    # the caller's file stays the caller's
    assert not source.closed
