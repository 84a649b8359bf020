"""A short film judged once as a live stream is, to be shown to any number of people."""

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import av

from maskdet_core.detector import MaskDetector
from maskdet_core.draw.annotate import LABELS, LOOKING, LabelMemory, Labels, annotate
from maskdet_core.errors import UnwantedError
from maskdet_core.live.admission import AdmissionControl
from maskdet_core.live.frame import CameraFrame
from maskdet_core.live.processor import LiveProcessor
from maskdet_core.live.snapshot import FrameSnapshot
from maskdet_core.live.worker import InferenceWorker

_N_LOOPS: Final = 2
"""The film is judged in a loop, as it is shown: the second time, its beginning follows its end."""
_ENCODER: Final = "libx264"
"""Every browser plays H.264, and aiortc needs this encoder as well."""
_ENCODER_OPTIONS: Final[Mapping[str, str]] = {"crf": "25", "preset": "veryfast", "threads": "1"}
_NO_BACKOFF: Final = 1.0


def judge_film(
    path: Path,
    detector: MaskDetector,
    *,
    two_classes: bool | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> tuple[FrameSnapshot, ...]:
    """What a `LiveProcessor` shows on each frame of a film that is played in a loop.

    Inference runs between two frames, where it is due by the film's own time. So the result is that
    of a server without load, whatever else this one does, and the same each time.

    Args:
        path: of a video; its sound is left out.
        detector: finds and classifies; may serve others meanwhile.
        two_classes: see `MaskDetector`; None takes the detector's.
        is_wanted: asked before each frame.

    Returns:
        One snapshot a frame, of the second loop; their times begin with the first one.

    Raises:
        OSError: the file cannot be read as a video.
        ValueError: it holds no frames, or one of them could not be judged.
        UnwantedError: it is not wanted any more.
    """
    now_s = 0.0

    def clock() -> float:
        return now_s

    worker = InferenceWorker(clock)
    # its thread would take the frame that is newest by the time it runs
    worker.close()
    processor = LiveProcessor(
        detector, worker, AdmissionControl(1, clock=clock), clock=clock, two_classes=two_classes
    )
    shown: list[FrameSnapshot] = []
    for _ in range(_N_LOOPS):
        shown.clear()
        for interval_s, frame in _frames(path, is_wanted):
            processor.recv(frame)
            stats = processor.snapshot()
            if stats.frame is None or stats.errors:
                raise ValueError(f"{path.name}: frame {len(shown) + 1} could not be judged")
            shown.append(stats.frame)
            due_s = processor.due_at_s(_NO_BACKOFF)
            if due_s is not None and due_s <= now_s:
                processor.infer(_NO_BACKOFF)
            now_s += interval_s
        if not shown:
            raise ValueError(f"{path.name}: expected a video, got one without frames")
    return tuple(shown)


def draw_film(
    path: Path,
    shown: tuple[FrameSnapshot, ...],
    labels: Labels = LABELS,
    looking: str = LOOKING,
    *,
    is_wanted: Callable[[], bool] = lambda: True,
) -> bytes:
    """Draw on each frame what is shown on it.

    Args:
        path: the film that was judged.
        shown: see `judge_film`.
        labels: see `annotate`.
        looking: see `annotate`.
        is_wanted: asked before each frame.

    Returns:
        H.264 in MP4, without sound, in size and speed of the film.

    Raises:
        OSError: the file cannot be read as a video.
        ValueError: the film has another number of frames than were judged.
        UnwantedError: it is not wanted any more.
    """
    with io.BytesIO() as file:
        with av.open(file, "w", format="mp4") as out:
            stream, memory = None, LabelMemory()
            frames = (frame for _, frame in _frames(path, is_wanted))
            for frame, snapshot in zip(frames, shown, strict=True):
                if stream is None:
                    stream = out.add_stream(_ENCODER, options=dict(_ENCODER_OPTIONS))
                    stream.width, stream.height = frame.width, frame.height
                    stream.pix_fmt, stream.time_base = "yuv420p", frame.time_base
                current = CameraFrame(frame, snapshot.received_s)
                drawn = annotate(
                    current.rgb, snapshot.detections, labels, looking=looking, memory=memory
                )
                out.mux(stream.encode(current.with_pixels(drawn)))
            if stream is not None:
                out.mux(stream.encode())
        return file.getvalue()


def _frames(path: Path, is_wanted: Callable[[], bool]) -> Iterator[tuple[float, av.VideoFrame]]:
    """Each frame, and the time until the next, s."""
    try:
        with av.open(str(path)) as file:
            if not file.streams.video:
                raise OSError(f"{path.name}: expected a video, found none in it")
            stream = file.streams.video[0]
            if not stream.average_rate:
                raise OSError(f"{path.name}: expected a video, found a single picture")
            interval_s = 1 / float(stream.average_rate)
            for frame in file.decode(stream):
                if not is_wanted():
                    raise UnwantedError
                yield interval_s, frame
    except av.FFmpegError as error:
        raise OSError(f"{path.name}: not a video: {error.strerror}") from error
