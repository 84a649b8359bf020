"""What each setting of the video coding costs and gives, beside aiortc's own.

First the encoders alone, at aiortc's first and highest bit rate: processor time a frame of
640 x 480 px, and the brightness planes' PSNR against the frames that went in. Then the round trip
of a frame through a peer that decodes and encodes it, with each fix alone and with all; both peers
are in this process, and have the fix.
"""

import argparse
import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Any, Final
from unittest import mock

import av
import numpy as np
from aiortc import codecs, rtcrtpreceiver
from aiortc.codecs.h264 import H264Encoder, h264_depayload
from aiortc.codecs.vpx import Vp8Encoder, vp8_depayload
from aiortc.jitterbuffer import JitterBuffer
from numpy.typing import NDArray

from benchmarks.echo import round_trips_s
from maskdet_app.live.library_fixes.aiortc_fixes import (
    FIXES,
    H264_OPTIONS,
    LightH264Encoder,
    LightVp8Encoder,
)
from testbed.pictures.scenes import scene
from testbed.visitors.visitor import Film

_RATES: Final = (500_000, 1_500_000)
_FPS: Final = (12, 30)
_SCENES: Final = (1, 8)
"""Faces; eight move more of the picture."""
_N_FRAMES: Final = 90
_SETTLED: Final = 15
"""Frames until the rate control has settled."""
_CLOCK: Final = 90_000
_WARM_UP_S: Final = 2.0


class _NoDenoiser(LightVp8Encoder):
    options: Mapping[str, str] = {"noise-sensitivity": "0"}  # type: ignore[misc]


class _Faster(LightVp8Encoder):
    options: Mapping[str, str] = {"cpu-used": "-10"}  # type: ignore[misc]


class _FastestH264(LightH264Encoder):
    options: Mapping[str, str] = {"preset": "ultrafast"}  # type: ignore[misc]


_ENCODERS: Final[Sequence[tuple[str, type[Any]]]] = (
    ("VP8, aiortc's settings", Vp8Encoder),
    ("VP8, no denoiser", _NoDenoiser),
    ("VP8, speed 10", _Faster),
    ("VP8, ours (both)", LightVp8Encoder),
    ("H.264, aiortc's settings", H264Encoder),
    (f"H.264, ours ({H264_OPTIONS['preset']})", LightH264Encoder),
    ("H.264, ultrafast", _FastestH264),
)
_LIBRARY: Final[Mapping[str, tuple[Any, str, type]]] = {
    "VP8": (codecs, "Vp8Encoder", Vp8Encoder),
    "H.264": (codecs, "H264Encoder", H264Encoder),
    "marker": (rtcrtpreceiver, "JitterBuffer", JitterBuffer),
}
_ROUND_TRIPS: Final = (
    ("VP8", ()),
    ("VP8", ("VP8",)),
    ("VP8", ("marker",)),
    ("VP8", ("VP8", "marker")),
    ("H264", ()),
    ("H264", ("H.264",)),
    ("H264", ("marker",)),
    ("H264", ("H.264", "marker")),
)


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("coding", help="cost, quality and delay of the video coding")
    parser.add_argument("--seconds", type=float, default=6.0, help="of round trips, each")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    for n_faces in _SCENES:
        frames = [_yuv(image_rgb) for image_rgb in scene(n_faces, _N_FRAMES)]
        for fps in _FPS:
            for rate in _RATES:
                print(f"{n_faces} faces, {fps} frames a second, {rate // 1000} kb/s:", flush=True)
                for name, kind in _ENCODERS:
                    print(f"  {name:26s} {_measured(kind(), frames, fps, rate)}", flush=True)
    images = [*scene(1, 60)]
    for fps in _FPS:
        films = {name: Film(images, fps, codec_name=name) for name in ("VP8", "H264")}
        for codec_name, fixes in _ROUND_TRIPS:
            with ExitStack() as patches:
                for name, (module, attribute, theirs) in _LIBRARY.items():
                    kind = FIXES[name][2] if name in fixes else theirs
                    patches.enter_context(mock.patch.object(module, attribute, kind))
                trips_s = asyncio.run(round_trips_s(films[codec_name], _WARM_UP_S, options.seconds))
            median_ms, p95_ms = 1000 * np.percentile(trips_s, [50, 95])
            print(
                f"round trip, {codec_name} at {fps}, {_words(fixes)}: {median_ms:.0f} ms (median), "
                f"{p95_ms:.0f} ms (95th percentile)",
                flush=True,
            )
    return 0


def _words(fixes: Iterable[str]) -> str:
    words = {"VP8": "light encoder", "H.264": "light encoder", "marker": "marker bit"}
    return " and ".join(words[name] for name in fixes) or "aiortc alone"


def _yuv(image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    frame = av.VideoFrame.from_ndarray(image_rgb, format="rgb24").reformat(format="yuv420p")
    return np.asarray(frame.to_ndarray(), np.uint8)


def _measured(encoder: Any, planes: Sequence[NDArray[np.uint8]], fps: int, rate: int) -> str:
    encoder.target_bitrate = rate
    frames = []
    for i, values in enumerate(planes):
        frame = av.VideoFrame.from_ndarray(values, format="yuv420p")
        frame.pts, frame.time_base = round(i * _CLOCK / fps), Fraction(1, _CLOCK)
        frames.append(frame)
    started_s = time.process_time()
    encoded = [encoder.encode(frame)[0] for frame in frames]
    spent_s = time.process_time() - started_s
    is_vp8 = isinstance(encoder, Vp8Encoder)
    depayload = vp8_depayload if is_vp8 else h264_depayload
    decoder: Any = av.CodecContext.create("libvpx" if is_vp8 else "h264", "r")
    decoded: list[av.VideoFrame] = []
    for payloads in encoded:
        decoded += decoder.decode(av.Packet(b"".join(map(depayload, payloads))))
    decoded += decoder.decode(None)
    psnr_db = [
        _psnr_db(np.asarray(frame.to_ndarray(), np.uint8)[: frame.height], values[: frame.height])
        for frame, values in zip(decoded, planes, strict=True)
    ]
    n_bits = 8 * sum(len(payload) for payloads in encoded for payload in payloads)
    return (
        f"{1000 * spent_s / len(frames):5.2f} ms, {np.mean(psnr_db[_SETTLED:]):.2f} dB, "
        f"{n_bits * fps / len(frames) / 1000:.0f} kb/s"
    )


def _psnr_db(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return float(10 * np.log10(255**2 / error))
