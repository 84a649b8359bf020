"""Video files of all kinds become frames with times; what cannot be read is said."""

import io
from pathlib import Path

import numpy as np
import pytest

from maskdet_core.errors import TransientVideoError, VideoError
from maskdet_core.reasons import Problem, Reason
from maskdet_core.video.frame import SEARCH_PX
from maskdet_core.video.limits import VideoLimits
from maskdet_core.video.reading import VideoReader
from testbed.pictures.films import CODECS, film_bytes


def frames(n: int, *, fps: float = 10.0, size: tuple[int, int] = (96, 64)) -> list:
    """Frames whose brightness grows from left to right, red at the left edge."""
    width, height = size
    ramp = np.tile(np.linspace(0, 255, width).astype(np.uint8)[None, :, None], (height, 1, 3))
    ramp[:, : width // 8] = (255, 0, 0)
    return [(i / fps, np.roll(ramp, 0, axis=1)) for i in range(n)]


def times(data: bytes, step_s: float = 0.0) -> list[float]:
    with VideoReader(io.BytesIO(data)) as reader:
        return [frame.at_s for frame in reader.frames(step_s)]


@pytest.mark.parametrize("container", sorted(CODECS))
def test_all_containers_are_read(container: str) -> None:
    data = film_bytes(frames(8), container)
    with VideoReader(io.BytesIO(data)) as reader:
        read = list(reader.frames())
        assert [one.at_s for one in read] == pytest.approx([i / 10 for i in range(8)], abs=0.002)
        assert read[0].scaled().shape == (64, 96, 3)
        assert read[0].scaled().dtype == np.uint8
        red, green, blue = read[3].scaled()[:, :6].reshape(-1, 3).mean(axis=0)
        assert red > 180 > 80 > max(green, blue)
        assert reader.length_s == pytest.approx(0.8, abs=0.11)
        assert reader.notes == []


def test_times_of_a_variable_rate_are_kept() -> None:
    at_s = [0.0, 0.04, 0.5, 0.52, 2.0]
    still = frames(1)[0][1]
    assert times(film_bytes([(one, still) for one in at_s])) == pytest.approx(at_s, abs=0.002)


def test_times_begin_with_the_first_frame() -> None:
    still = frames(1)[0][1]
    data = film_bytes([(5.0, still), (5.5, still)], "matroska")
    assert times(data) == pytest.approx([0.0, 0.5], abs=0.002)


@pytest.mark.parametrize(
    ("rotation", "edge"),
    [
        (90, np.s_[-6:, :]),
        (-90, np.s_[:6, :]),
        (180, np.s_[:, -6:]),
    ],
)
def test_films_are_turned_upright(rotation: int, edge: tuple[slice, slice]) -> None:
    data = film_bytes(frames(2), rotation=rotation)
    with VideoReader(io.BytesIO(data)) as reader:
        frame = next(reader.frames())
    image = frame.scaled()
    assert image.shape[:2] == (frame.height_px, frame.width_px)
    assert image.shape[0] == (96 if abs(rotation) == 90 else 64)
    assert image[edge][..., 0].mean() > 180
    assert image[edge][..., 1].mean() < 80


def test_large_frames_are_scaled_down() -> None:
    data = film_bytes(frames(1, size=(1280, 320)))
    with VideoReader(io.BytesIO(data)) as reader:
        frame = next(reader.frames())
        assert frame.scaled().shape == (240, SEARCH_PX, 3)
        assert frame.scaled(5000).shape == (320, 1280, 3)


def test_only_frames_that_are_wanted_are_given() -> None:
    data = film_bytes(frames(60, fps=30))
    at_s = times(data, 0.1)
    assert len(at_s) == pytest.approx(20, abs=2)
    assert max(np.diff(at_s)) <= 0.14
    # a slow film keeps all
    assert len(times(film_bytes(frames(10, fps=5)), 0.1)) == 10


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (VideoLimits(max_bytes=100), "expected at most 0.0 MB"),
        (VideoLimits(max_length_s=1.0), "expected at most 0:01 min, got 0:02 min"),
        (VideoLimits(max_pixels=1000), "megapixels, got 96x64"),
    ],
)
def test_limits_are_validated_before_reading(limits: VideoLimits, message: str) -> None:
    with pytest.raises(VideoError, match=message):
        VideoReader(io.BytesIO(film_bytes(frames(20))), limits)


def test_a_huge_file_is_refused_by_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "huge.mp4"
    with path.open("wb") as file:
        file.truncate(4 << 30)
    with pytest.raises(VideoError, match=r"expected at most 4\.00 GB, got 4\.29 GB"):
        VideoReader(path)


def test_a_stream_longer_than_the_limit_is_cut_with_a_note() -> None:
    data = film_bytes(frames(20), "webm")
    with VideoReader(io.BytesIO(data), VideoLimits(max_length_s=5)) as reader:
        reader._limits = VideoLimits(max_length_s=1.0)
        assert len(list(reader.frames())) == 11
        assert Reason(Problem.CUT, "longer than 0:01 min: cut", {"most_s": 1.0}) in reader.notes


@pytest.mark.parametrize("container", ["matroska", "webm", "avi"])
def test_a_file_that_ends_early_gives_what_can_be_read(container: str) -> None:
    noise = np.random.default_rng(1)
    pictures = [(n / 10, noise.integers(0, 255, (64, 96, 3), np.uint8)) for n in range(30)]
    data = film_bytes(pictures, container)
    with VideoReader(io.BytesIO(data[: len(data) // 2])) as reader:
        read = list(reader.frames())
        assert 5 <= len(read) < 25
        assert {note.problem for note in reader.notes} & {Problem.ENDS_EARLY, Problem.PARTS_LOST}


def test_damage_in_the_middle_costs_only_that_part() -> None:
    noise = np.random.default_rng(1)
    pictures = [(n / 10, noise.integers(0, 255, (64, 96, 3), np.uint8)) for n in range(30)]
    data = bytearray(film_bytes(pictures, "avi"))
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    with VideoReader(io.BytesIO(bytes(data))) as reader:
        at_s = [frame.at_s for frame in reader.frames()]
    assert len(at_s) > 15
    assert at_s == sorted(at_s)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\x00\x00\x00\x18ftypmp42" + bytes(200),
        b"\x1a\x45\xdf\xa3" + bytes(100),
        b"RIFF\x00\x00\x00\x00AVI garbage",
        b"#EXTM3U\nhttp://example.invalid/a.ts\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"\xff\xd8\xff\xe0 a photo",
    ],
)
def test_what_is_no_video_is_refused(data: bytes) -> None:
    with pytest.raises(VideoError) as caught:
        times(data)
    assert not isinstance(caught.value, TransientVideoError)


def test_an_mp4_without_its_index_is_refused() -> None:
    data = film_bytes(frames(10))
    with pytest.raises(VideoError, match="damaged or incomplete"):
        times(data[: len(data) // 2])


def test_a_missing_file_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(TransientVideoError, match="No such file"):
        VideoReader(tmp_path / "missing.mp4")


def test_sound_is_noted() -> None:
    with VideoReader(io.BytesIO(film_bytes(frames(2), with_sound=True))) as reader:
        assert reader.info.has_audio
        assert reader.info.codec == "h264"


def test_a_file_above_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(VideoError, match=r"expected at most 4\.00 GB, got 4\.50 GB"):
        VideoReader(Huge())


class Huge(io.BytesIO):
    """A file of 4.5 GB that must not be read."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return 4_500_000_000 if whence == io.SEEK_END else offset

    def read(self, size: int | None = -1, /) -> bytes:
        raise AssertionError("it was read")
