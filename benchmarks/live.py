"""Processor time of live verdicts: our pipeline and the original project's loop on the same frames.

Frames per second of processor time over all threads, from decoded frames to annotated frames: ours
at 30 frames a second with its worker, the original as fast as it runs. Then a profile of ours by
part, and the cost of video coding.
"""

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Any, Final
from unittest import mock

import av
import numpy as np
from aiortc.codecs.vpx import Vp8Encoder
from numpy.typing import NDArray

from benchmarks.original import OriginalLoop
from maskdet_core import LiveProcessor, MaskDetector, annotate
from maskdet_core.live import AdmissionControl, InferenceWorker
from maskdet_core.live.frame import CameraFrame
from maskdet_core.live.optical_flow import move_boxes
from testbed.pictures.scenes import scene

FPS: Final = 30
FACES: Final = (1, 3, 8)
_ORIGINAL_FRAMES: Final = 24
_TIME_BASE: Final = Fraction(1, 90_000)


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("live", help="cost of live verdicts and of the original's loop")
    parser.add_argument("--seconds", type=float, default=10.0, help="of video for each scene")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 without Keras."""
    try:
        original = OriginalLoop()
    except ImportError:
        print("the original's loop needs Keras: run this in the training environment")
        return 2
    detector = MaskDetector.load(preset="live")
    for n_faces in FACES:
        images = [*scene(n_faces, 120)]
        theirs, found = _original(original, images)
        ours, shown = _ours(detector, images, options.seconds)
        print(
            f"{n_faces} faces: original {1 / theirs:.1f} frames a second of processor time "
            f"({found:.1f} faces found), ours {1 / ours:.1f} ({shown:.1f} shown), "
            f"{theirs / ours:.1f} x",
            flush=True,
        )
    _profile(detector, [*scene(1, 120)], options.seconds)
    return 0


def _original(loop: OriginalLoop, images: Sequence[NDArray[np.uint8]]) -> tuple[float, float]:
    """Processor seconds a frame, and faces found."""
    loop(images[0])
    started_s, n_found = time.process_time(), 0
    for image_rgb in images[:: len(images) // _ORIGINAL_FRAMES][:_ORIGINAL_FRAMES]:
        n_found += loop(image_rgb)[1]
    seconds = time.process_time() - started_s
    return seconds / _ORIGINAL_FRAMES, n_found / _ORIGINAL_FRAMES


def _ours(
    detector: MaskDetector, images: Sequence[NDArray[np.uint8]], seconds: float
) -> tuple[float, float]:
    """Processor seconds a frame, and faces shown, after a warm-up."""
    frames = _frames(images)
    worker = InferenceWorker()
    processor = LiveProcessor(detector, worker, AdmissionControl(1))
    try:
        _play(processor, frames, 2.0)
        started_s = time.process_time()
        n_frames, n_shown = _play(processor, frames, seconds)
        return (time.process_time() - started_s) / n_frames, n_shown / n_frames
    finally:
        processor.stop()
        worker.close()


def _play(
    processor: LiveProcessor, frames: Sequence[av.VideoFrame], seconds: float
) -> tuple[int, int]:
    n_frames, n_shown = round(seconds * FPS), 0
    started_s = time.monotonic()
    for n in range(n_frames):
        time.sleep(max(0.0, started_s + n / FPS - time.monotonic()))
        processor.recv(frames[n % len(frames)])
        shown = processor.snapshot().frame
        n_shown += 0 if shown is None else len(shown.detections)
    return n_frames, n_shown


def _frames(images: Sequence[NDArray[np.uint8]]) -> list[av.VideoFrame]:
    frames = []
    for i, image_rgb in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image_rgb, format="rgb24").reformat(format="yuv420p")
        frame.pts, frame.time_base = i * 3000, _TIME_BASE
        frames.append(frame)
    return frames


def _profile(detector: MaskDetector, images: Sequence[NDArray[np.uint8]], seconds: float) -> None:
    """Measure each part where it is called, by the clock of the calling thread."""
    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            started_s = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                spent[name] += time.thread_time() - started_s

        return call

    frames = _frames(images)
    parts = (
        mock.patch.object(detector, "find", timed("finder", detector.find)),
        mock.patch.object(detector, "classify", timed("classifier", detector.classify)),
        mock.patch("maskdet_core.live.tracker.move_boxes", timed("optical flow", move_boxes)),
        mock.patch("maskdet_core.live.processor.annotate", timed("drawing", annotate)),
        mock.patch.object(CameraFrame, "with_pixels", timed("RGB to YUV", CameraFrame.with_pixels)),
    )
    with ExitStack() as patches:
        for part in parts:
            patches.enter_context(part)
        per_frame, _ = _ours(detector, images, seconds)
    n_frames = (seconds + 2.0) * FPS
    encode, decode = _coding(frames)
    print(f"one face, {os.cpu_count()} cores, processor time a frame:")
    print(f"  ours in total {1000 * per_frame:.2f} ms, of which")
    for name, total in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"    {name} {1000 * total / n_frames:.2f} ms")
    print(f"  video decoding {1000 * decode:.2f} ms, encoding {1000 * encode:.2f} ms")


def _coding(frames: Sequence[av.VideoFrame]) -> tuple[float, float]:
    """Processor seconds a frame to encode as aiortc does, and to decode."""
    encoder = Vp8Encoder()
    encoder.encode(frames[0])
    started_s = time.process_time()
    for frame in frames[1:]:
        encoder.encode(frame)
    encode = (time.process_time() - started_s) / (len(frames) - 1)
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
    codec.bit_rate, codec.time_base = 1_000_000, _TIME_BASE
    codec.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    packets = [packet for frame in frames for packet in codec.encode(frame)]
    decoder = av.CodecContext.create("libvpx", "r")
    started_s = time.process_time()
    n_decoded = sum(len(decoder.decode(packet)) for packet in packets)
    return encode, (time.process_time() - started_s) / n_decoded
