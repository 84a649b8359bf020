"""Write small films, of any frames with times, in memory: for tests and benchmarks."""

import io
import itertools
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

TIME_BASE: Final = Fraction(1, 1000)
CODECS: Final = {
    "mp4": "libx264",
    "mov": "libx264",
    "matroska": "libx264",
    "webm": "libvpx-vp9",
    "avi": "mpeg4",
    "gif": "gif",
}
"""Encoder by container."""


def film_bytes(
    frames: Iterable[tuple[float, NDArray[np.uint8]]],
    container: str = "mp4",
    *,
    rotation: int = 0,
    with_sound: bool = False,
) -> bytes:
    """A film as a file's bytes.

    Args:
        frames: time in s, growing, and uint8 (H, W, 3) RGB with even sides; one size for all.
        container: a key of `CODECS`.
        rotation: by which players turn it counterclockwise, degrees.
        with_sound: add a silent sound track.
    """
    file = io.BytesIO()
    pairs = iter(frames)
    first = next(pairs)
    height, width = first[1].shape[:2]
    with av.open(file, "w", format=container) as out:
        options = {"preset": "ultrafast"} if CODECS[container] == "libx264" else {}
        # AVI has no timestamps but a rate
        rate = 10 if container == "avi" else 30
        stream = out.add_stream(CODECS[container], rate=rate, options=options)
        if not isinstance(stream, VideoStream):
            raise TypeError("expected a video encoder")
        stream.width, stream.height = width, height
        stream.pix_fmt = "rgb8" if container == "gif" else "yuv420p"
        if container not in ("avi", "gif"):
            stream.codec_context.time_base = TIME_BASE
        time_base = Fraction(1, 10) if container == "avi" else TIME_BASE
        if container == "gif":
            time_base = Fraction(1, 100)
            stream.codec_context.time_base = time_base
        if rotation:
            stream.set_display_rotation(rotation)
        sound = out.add_stream("aac", rate=8000) if with_sound else None
        if sound is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.sample_rate = 8000
            out.mux(sound.encode(silence))
        for at_s, image in itertools.chain([first], pairs):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(at_s / time_base), time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if sound is not None:
            out.mux(sound.encode())
    return file.getvalue()
