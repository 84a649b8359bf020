"""Fixes of aiortc: lighter video encoding, and frames that do not wait for the next one.

What each saves, and what it costs in quality, is measured by ``python -m benchmarks coding`` and
written up in docs/decisions/0022-video-coding.md. Tests in
`tests/app/live/library_fixes/test_aiortc_fixes.py` fail once aiortc does the same itself.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar, Final

import aiortc
from aiortc import codecs, rtcrtpreceiver
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket

from maskdet_app.live.library_fixes.library_version import is_made_for

FIXED_VERSION: Final = "1.16."
"""The version whose classes are replaced here; others are left as they are."""
VP8_OPTIONS: Final[Mapping[str, str]] = {
    # The denoiser costs a tenth to a fifth of the time and takes away detail of the picture.
    "noise-sensitivity": "0",
    # 1 to 16, negated: speed that does not follow the load. aiortc has 6. From 12 on moving
    # pictures lose more than 1 dB.
    "cpu-used": "-10",
}
H264_OPTIONS: Final[Mapping[str, str]] = {
    # x264's own default, "medium", takes five times as long for at most half a decibel.
    "preset": "superfast",
}


class _Tuned:
    """A codec context, not yet open, some of whose options are ours whatever is set."""

    def __init__(self, context: Any, options: Mapping[str, str]) -> None:
        object.__setattr__(self, "_context", context)
        object.__setattr__(self, "_options", options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "options":
            value = {**value, **self._options}
        setattr(self._context, name, value)


class _OwnOptions:
    """For an encoder of the library: its contexts get ``options`` beside the library's own.

    The library makes a new context in the middle of `encode` whenever size or bit rate change.
    """

    options: ClassVar[Mapping[str, str]]

    @property
    def codec(self) -> Any:
        """The context; None before the first frame."""
        return self._codec

    @codec.setter
    def codec(self, context: Any) -> None:
        self._codec = None if context is None else _Tuned(context, self.options)


class LightVp8Encoder(_OwnOptions, Vp8Encoder):
    """An encoder for VP8 that leaves out what costs more than it gives."""

    options = VP8_OPTIONS


class LightH264Encoder(_OwnOptions, H264Encoder):
    """The same for H.264, which iPhones ask for."""

    options = H264_OPTIONS


class PromptJitterBuffer(JitterBuffer):
    """A buffer that returns a video frame with its last packet, which RTP marks.

    The library waits for the first packet of the next frame: 33 ms at 30 frames a second, 83 at 12.
    A sender that marks no packet is served as by the library (RFC 6184, section 5.1: decoders may
    use the mark as an early indication, but must not rely on it).
    """

    def _remove_frame(self, sequence_number: int) -> JitterFrame | None:
        if not self._is_video or self._prefetch:
            return super()._remove_frame(sequence_number)
        while packets := self._first_frame():
            self.remove(len(packets))
            data = b"".join(packet._data for packet in packets)  # type: ignore[attr-defined]
            # Padding that follows a marked packet is no frame, and no data would end the decoder.
            if data:
                return JitterFrame(data, packets[0].timestamp)
        return None

    def _first_frame(self) -> list[RtpPacket]:
        """The packets of the oldest frame; empty while it is not complete."""
        packets: list[RtpPacket] = []
        for count in range(self._capacity):
            packet = self._packets[((self._origin or 0) + count) % self._capacity]
            if packet is None:
                return []
            if packets and packet.timestamp != packets[0].timestamp:
                return packets
            packets.append(packet)
            if packet.marker:
                return packets
        return []


FIXES: Final[Mapping[str, tuple[ModuleType, str, type]]] = {
    "VP8": (codecs, "Vp8Encoder", LightVp8Encoder),
    "H.264": (codecs, "H264Encoder", LightH264Encoder),
    "marker": (rtcrtpreceiver, "JitterBuffer", PromptJitterBuffer),
}
"""Where each class is put: module and name."""


def apply() -> None:
    """Use the fixed classes for all further connections, if this is the version that needs them."""
    if not is_made_for("aiortc", aiortc.__version__, FIXED_VERSION, "the lighter coding"):
        return
    for module, name, fixed in FIXES.values():
        setattr(module, name, fixed)
