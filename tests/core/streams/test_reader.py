"""The reader of live sources: newest wins, reopened with growing waits, secrets kept."""

import threading
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from maskdet_core.streams import reader as module
from maskdet_core.streams.reader import Connection, ReaderLimits, StreamReader, _Playout
from maskdet_core.streams.source import parse_source
from tests.core.alerts.alerts import wait_for

SOURCE = parse_source("rtsp://me:s3cret@camera/live")
FAST = ReaderLimits(first_wait_s=0.001, max_wait_s=0.002)


class FakeContainer:
    """Gives frames of growing width, and then does as told."""

    def __init__(self, n_frames: int, end: Exception | threading.Event | None = None) -> None:
        self._n_frames, self._end = n_frames, end
        self.n_given = 0
        self.step_s = 0.0
        stream = type("Stream", (), {})()
        stream.codec_context = type("Context", (), {})()
        stream.codec_context.codec = type("Codec", (), {"canonical_name": "h264"})()
        self.streams = type("Streams", (), {"video": [stream]})()
        self.format = type("Format", (), {"name": "rtsp"})()

    def demux(self, stream: Any) -> Iterator[Any]:
        for n in range(self._n_frames):
            frame = av.VideoFrame.from_ndarray(np.zeros((16, 16 + 2 * n, 3), np.uint8), "rgb24")
            frame.pts, frame.time_base = round(1000 * n * self.step_s), Fraction(1, 1000)
            self.n_given += 1
            yield type("Packet", (), {"decode": lambda self, frame=frame: [frame]})()
        if isinstance(self._end, Exception):
            raise self._end
        if self._end is not None:
            self._end.wait(10)

    def close(self) -> None:
        pass


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What opening gives, one after the other; afterwards it is refused."""
    results: list[Any] = []

    def open_(location: str, mode: str, **options: Any) -> Any:
        assert options["timeout"] == (FAST.open_s, FAST.read_s)
        result = results.pop(0) if results else av.error.ConnectionRefusedError(111, "refused")
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(module.av, "open", open_)
    return results


def test_the_newest_frame_wins(opened: list[Any]) -> None:
    end = threading.Event()
    container = FakeContainer(50, end)
    opened.append(container)
    with StreamReader(SOURCE, FAST) as reader:
        wait_for(lambda: container.n_given == 50)
        # the last is kept a moment after it is given
        wait_for(lambda: reader._image is not None and reader._image.frame.width == 16 + 2 * 49)
        connections, image = reader.newest(1.0)
        assert connections == [Connection("connected")]
        assert image is not None and image.frame.width == 16 + 2 * 49
        assert reader.newest(0.01) == ([], None)
        end.set()


def test_a_lost_source_is_opened_again_and_its_outage_known(opened: list[Any]) -> None:
    end = threading.Event()
    opened += [
        FakeContainer(1),
        OSError(5, "Input/output error", "rtsp://me:s3cret@camera/live"),
        FakeContainer(1, end),
    ]
    states: list[Connection] = []
    with StreamReader(SOURCE, FAST) as reader:
        outages: list[float] = []
        while not outages or outages[-1] == 0.0:
            connections, image = reader.newest(5.0)
            states += connections
            outages += [] if image is None else [image.outage_s]
        end.set()
    assert Connection("connected") in states
    assert "s3cret" not in repr(states)
    assert outages[-1] > 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (av.error.ExitError(1, "Immediate exit requested"), "no picture in time"),
        (OSError(5, "Input/output error", "rtsp://me:s3cret@camera"), "Input/output error"),
        (RuntimeError("rtsp://me:s3cret@camera"), "cannot be read (RuntimeError)"),
    ],
)
def test_a_reason_is_told_once_and_holds_no_secret(
    opened: list[Any], error: Exception, reason: str
) -> None:
    opened += [error] * 5
    with StreamReader(SOURCE, FAST) as reader:
        wait_for(lambda: not opened)
        (first, *_), _ = reader.newest(5.0)
    assert first in (Connection("lost", reason), Connection("lost", "refused"))
    assert "s3cret" not in repr(first)


def test_a_source_without_video_is_lost_with_a_reason(opened: list[Any]) -> None:
    container = FakeContainer(1)
    container.streams.video = []
    opened.append(container)
    with StreamReader(SOURCE, ReaderLimits(first_wait_s=60)) as reader:
        states: list[Connection] = []
        while len(states) < 2:
            states += reader.newest(5.0)[0]
    assert states[1] == Connection("lost", "the source holds no video")


def test_frames_that_come_in_bursts_are_spread_by_their_times() -> None:
    playout = _Playout()
    # a segment of two seconds at once, the next one when it should come
    assert [playout.wait_s(50.0 + n / 2, 7.0) for n in range(4)] == [0, 0.5, 1.0, 1.5]
    assert [playout.wait_s(52.0 + n / 2, 9.0) for n in range(4)] == [0, 0.5, 1.0, 1.5]
    # one that comes a second late: the rest follows at its pace
    assert [playout.wait_s(54.0 + n / 2, 12.0) for n in range(3)] == [0, 0.5, 1.0]
    # times that start again
    assert [playout.wait_s(n / 2, 14.0) for n in range(3)] == [0, 0.5, 1.0]
    assert [playout.wait_s(1000.0 + n / 2, 15.0) for n in range(3)] == [0, 0.5, 1.0]


def test_the_frames_of_a_segment_are_seen_one_by_one(opened: list[Any]) -> None:
    end = threading.Event()
    container = FakeContainer(8, end)
    container.format.name = "hls"
    container.step_s = 0.05
    opened.append(container)
    seen = set()
    with StreamReader(SOURCE, FAST) as reader:
        while 16 + 2 * 7 not in seen:
            _, image = reader.newest(1.0)
            if image is not None:
                seen.add(image.frame.width)
        end.set()
    assert len(seen) >= 5
