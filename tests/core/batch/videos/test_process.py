"""A stranger's video is checked in a process that goes when nobody wants it any more."""

import io
import json
import time
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest

from maskdet_core.batch.processes.limits import MAX_CPU_S
from maskdet_core.batch.videos import process as video_process
from maskdet_core.batch.videos import steps
from maskdet_core.batch.videos.job import VideoJobOptions, VideoOutcome
from maskdet_core.batch.videos.process import check_in_process
from maskdet_core.errors import UnwantedError, VideoError
from maskdet_core.video import check as video_check
from testbed.pictures.films import film_bytes
from testbed.pictures.scenes import scene

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


TAKEN_OVER = """
import struct, sys, time
def write(kind, body, length=None):
    header = struct.pack(">cQ", kind, len(body) if length is None else length)
    sys.stdout.buffer.write(header + body)
    sys.stdout.buffer.flush()
"""
"""A process that a video has taken over: it sends what it likes."""
DOES: dict[str, tuple[str, str]] = {
    "endless message": ("write(b'M', b'', 2**63)\ntime.sleep(60)", "stopped"),
    "message beyond memory": ("write(b'F', b'', 2**40)\ntime.sleep(60)", "stopped"),
    "unknown kind": ("write(b'?', b'x')\ntime.sleep(60)", "stopped"),
    "endless pictures": ("while True: write(b'M', b'x' * 1000)", "stopped"),
    "closed pipe": ("import os\nos.close(1)\ntime.sleep(60)", "stopped"),
    "no JSON": ("write(b'R', b'[' * 100_000)\ntime.sleep(60)", "stopped"),
    "pictures of no moment": (
        "write(b'M', b'x')\nwrite(b'R', b'{\"row\": {\"moments\": []}, \"notes\": []}')",
        "stopped",
    ),
    "error that is none": ("write(b'E', b'{\"problem\": \"?\"}')\ntime.sleep(60)", "stopped"),
    "no number": ("write(b'P', b'[NaN, null]')\ntime.sleep(60)", "stopped"),
    "sleep": ("time.sleep(60)", "takes too long"),
}


@pytest.mark.parametrize("does", DOES)
def test_a_process_that_was_taken_over_is_ended(does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script, message = DOES[does]
    monkeypatch.setattr(video_process, "_START", TAKEN_OVER + script)
    monkeypatch.setattr(video_process, "MAX_SILENCE_S", 1.0 if does == "sleep" else 50.0)
    began_s = time.monotonic()
    with pytest.raises(VideoError, match=message):
        check(b"video", VideoJobOptions(*LIMITS))
    # not for as long as it sleeps
    assert time.monotonic() - began_s < 40


def test_progress_does_not_hold_the_place_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "n = 0\nwhile True:\n    n += 1; write(b'P', b'[%d, 1e9]' % n); time.sleep(0.05)"
    monkeypatch.setattr(video_process, "_START", TAKEN_OVER + script)
    monkeypatch.setattr(video_process, "video_cpu_s", lambda length_s: 0.5 + length_s)
    with pytest.raises(VideoError, match="takes too long"):
        check(b"video", VideoJobOptions(10**8, 0.01, 10**7))


def test_the_list_of_processes_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import json\n"
        "write(b'E', json.dumps({'problem': 'failed', 'message': repr(sys.argv), 'values': {}})"
        ".encode())"
    )
    monkeypatch.setattr(video_process, "_START", TAKEN_OVER + script)
    with pytest.raises(VideoError) as told:
        check(b"video", VideoJobOptions(*LIMITS))
    assert "-c" in str(told.value)
    assert "x.mp4" not in str(told.value)
    assert str(LIMITS[0]) not in str(told.value)


def test_opening_a_video_has_a_limit_on_processor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []

    def opens(*_: Any, **__: Any) -> Iterator[None]:
        called.append("opened")
        raise VideoError("no video")
        yield

    monkeypatch.setattr(steps, "limit_cpu", called.append)
    monkeypatch.setattr(video_check, "check_video", opens)
    options = json.loads(
        json.dumps(video_process._to_json("x.mp4", VideoJobOptions(*LIMITS, film=True)))
    )
    detector: Any = None
    with pytest.raises(VideoError, match="no video"):
        video_process._check(b"video", detector, options, io.BytesIO())
    assert called == [MAX_CPU_S, "opened"]
