"""Read a video file as a stream of frames with times, in bounded memory whatever its length."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Self

import av

from maskdet_core.errors import TransientVideoError, VideoError
from maskdet_core.video.formats import CODECS, HEAD_BYTES, container_format
from maskdet_core.video.frame import Rotation, VideoFrame
from maskdet_core.video.limits import VideoLimits

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

MAX_DAMAGED: Final = 500
"""Packets in a row that cannot be decoded, after which the rest is given up."""
MAX_LEAP_S: Final = 3600.0
"""A frame so much later than the one before it has a damaged time."""
SHORT_SHARE: Final = 0.9
"""A file of which less than this share of its declared length could be read ends early."""
_FALLBACK_FPS: Final = 25.0
"""Where neither times nor a rate are known."""
_MAX_ASPECT: Final = 4.0
"""Pixels that are declared longer than this are a damaged declaration; DV has at most 1.5."""
_PROBE_BYTES: Final = 5_000_000
"""Read at most to find out about a file's streams (FFmpeg's own default)."""
_EARLY: Final = 0.35
"""A frame may come so much of a step early; the next one is due as if it had not."""

_MIN_LEFT_OUT: Final = 2.0
"""Frames for each that is wanted, from which on some need not be decoded."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a file says of its video.

    Attributes:
        width_px: of a frame with square pixels, not yet turned upright.
        height_px: the same.
        length_s: None where the file does not say.
        fps: mean frames a second; None where the file does not say.
        codec: FFmpeg's name.
        has_audio: whether it has sound, which is not read.
    """

    width_px: int
    height_px: int
    length_s: float | None
    fps: float | None
    codec: str
    has_audio: bool


class VideoReader:
    """An open video file.

        with VideoReader(path) as reader:
            for frame in reader.frames(): ...

    Attributes:
        info: what the file says of its video.
        notes: what went wrong while reading, in English, complete after the last frame.
        length_s: what has been read so far: the end of the last frame.
    """

    def __init__(self, source: Path | str | BinaryIO, limits: VideoLimits | None = None) -> None:
        """Open a file and validate its size, format, codec, length and pixels.

        Nothing but the file itself is opened, whatever it names.

        Args:
            source: path, or a seekable binary file, which stays open.
            limits: None takes the defaults.

        Raises:
            TransientVideoError: the file cannot be read at the moment.
            VideoError: it is no video that is read here, damaged, or above a limit.
        """
        self._limits = VideoLimits() if limits is None else limits
        self.notes: list[str] = []
        self.length_s = 0.0
        self._own: BinaryIO | None = None
        try:
            if isinstance(source, (str, Path)):
                self._own = source = Path(source).open("rb")  # noqa: SIM115
            self._container = self._opened(source)
        except av.FFmpegError as error:
            self._close_own()
            raise VideoError(f"the file is damaged or incomplete ({_text(error)})") from error
        except OSError as error:
            self._close_own()
            raise TransientVideoError(f"cannot read the file: {error.strerror or error}") from error
        except BaseException:
            self._close_own()
            raise
        try:
            self._stream = self._validated_stream()
            self.info = self._validated_info()
        except BaseException:
            self.close()
            raise
        self._stream.thread_type = "AUTO"

    def __enter__(self) -> Self:
        """The reader."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file. May be called again."""
        self._container.close()
        self._close_own()

    def frames(self, step_s: float = 0.0) -> Iterator[VideoFrame]:
        """Decode the frames in order; once.

        Where the file is damaged, what can be decoded is, and `notes` says so. Frames whose time
        does not grow are left out.

        Args:
            step_s: mean time between two frames at least; those between are decoded at most.

        Raises:
            TransientVideoError: the file cannot be read any more.
            VideoError: it holds no frame, or one above the limit on pixels.
        """
        times = _Times(self._stream.time_base, self.info.fps)
        pace = _Pace(self._stream, step_s, self.info.fps)
        at_s, due_s = -math.inf, 0.0
        for decoded in self._decoded():
            at_s = times.of(decoded)
            if at_s > self._limits.max_length_s:
                self.notes.append(f"longer than {_length_text(self._limits.max_length_s)}: cut")
                break
            self.length_s = max(self.length_s, at_s + times.duration_of(decoded))
            pace.note(at_s)
            if at_s >= due_s - _EARLY * step_s:
                due_s = max(at_s, due_s) + step_s
                yield self._frame(decoded, at_s)
        if at_s == -math.inf:
            raise VideoError("no frame of the video can be decoded")
        declared_s = self.info.length_s
        if declared_s is not None and self.length_s < SHORT_SHARE * declared_s:
            self.notes.append(
                f"the file ends early: {self.length_s:.1f} of {declared_s:.1f} s could be read"
            )

    def _opened(self, source: BinaryIO) -> "InputContainer":
        n_bytes = source.seek(0, 2)
        if n_bytes > self._limits.max_bytes:
            raise VideoError(
                f"expected at most {_size_text(self._limits.max_bytes)}, got {_size_text(n_bytes)}"
            )
        source.seek(0)
        name = container_format(source.read(HEAD_BYTES))
        if name is None:
            raise VideoError("expected a video as MP4, MOV, WebM, MKV, AVI or GIF")
        source.seek(0)
        # with the format given, none is guessed; files that it refers to are not opened
        return av.open(
            source,
            "r",
            format=name,
            options={"protocol_whitelist": "none", "probesize": str(_PROBE_BYTES)},
        )

    def _validated_stream(self) -> "VideoStream":
        # a cover is a stream of a single picture
        streams = [
            one
            for one in self._container.streams.video
            if not one.disposition & av.stream.Disposition.attached_pic
        ]
        if not streams:
            raise VideoError("the file holds no video")
        stream = streams[0]
        if stream.codec_context is None:
            raise VideoError("the video's codec is not known")
        codec = stream.codec_context.codec.canonical_name
        if codec not in CODECS:
            raise VideoError(f"expected one of the codecs {', '.join(sorted(CODECS))}, got {codec}")
        return stream

    def _validated_info(self) -> VideoInfo:
        stream, codec = self._stream, self._stream.codec_context
        length_s = _declared_length_s(self._container, stream)
        if length_s is not None and length_s > self._limits.max_length_s:
            raise VideoError(
                f"expected at most {_length_text(self._limits.max_length_s)}, "
                f"got {_length_text(length_s)}"
            )
        if codec.width < 1 or codec.height < 1:
            raise VideoError("the video's size is not known")
        self._validate_pixels(codec.width, codec.height)
        width, height = _shown_size(codec.width, codec.height, stream.sample_aspect_ratio)
        rate = stream.average_rate or stream.guessed_rate
        fps = float(rate) if rate else None
        return VideoInfo(
            width,
            height,
            length_s,
            fps if fps is not None and 0 < fps <= 1000 else None,
            codec.codec.canonical_name,
            bool(self._container.streams.audio),
        )

    def _validate_pixels(self, width_px: int, height_px: int) -> None:
        if width_px * height_px > self._limits.max_pixels:
            raise VideoError(
                f"expected frames of at most {self._limits.max_pixels / 1e6:.1f} megapixels, "
                f"got {width_px}x{height_px}"
            )

    def _decoded(self) -> Iterator[av.VideoFrame]:
        n_damaged = n_in_row = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    break
                frames = packet.decode()
                n_in_row = 0
            except av.FFmpegError as error:
                n_damaged, n_in_row = n_damaged + 1, n_in_row + 1
                if n_in_row >= MAX_DAMAGED or not isinstance(error, av.InvalidDataError):
                    self.notes.append(f"the rest could not be read ({_text(error)})")
                    break
                continue
            except OSError as error:
                raise TransientVideoError(f"cannot read the file: {error}") from error
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    yield frame
        if n_damaged:
            self.notes.append(f"damaged: {n_damaged} parts of the video could not be decoded")

    def _frame(self, decoded: av.VideoFrame, at_s: float) -> VideoFrame:
        self._validate_pixels(decoded.width, decoded.height)
        width, height = _shown_size(decoded.width, decoded.height, self._stream.sample_aspect_ratio)
        rotation = _quarter_turns(decoded.rotation)
        if rotation in (90, 270):
            width, height = height, width
        return VideoFrame(at_s, width, height, decoded, rotation)

    def _close_own(self) -> None:
        if self._own is not None:
            self._own.close()


class _Times:
    """The frames' times since the first one, by their timestamps."""

    def __init__(self, time_base: Fraction | None, fps: float | None) -> None:
        self._step_s = 1.0 / (fps or _FALLBACK_FPS)
        self._time_base = time_base
        self._first_s: float | None = None
        self._last_s: float | None = None

    def of(self, frame: av.VideoFrame) -> float:
        """A frame's time; one without a usable timestamp follows the one before it."""
        stamp_s = frame.time
        if self._first_s is None or self._last_s is None:
            self._first_s, self._last_s = stamp_s or 0.0, 0.0
            return 0.0
        at_s = self._last_s + self._step_s if stamp_s is None else stamp_s - self._first_s
        if not self._last_s < at_s < self._last_s + MAX_LEAP_S:
            at_s = self._last_s + self._step_s
        self._last_s = at_s
        return at_s

    def duration_of(self, frame: av.VideoFrame) -> float:
        """How long a frame is shown."""
        if frame.duration and self._time_base:
            duration_s = float(frame.duration * self._time_base)
            if 0 < duration_s < 10 * max(1.0, self._step_s):
                return duration_s
        return self._step_s


class _Pace:
    """Lets the decoder leave out frames that no other needs, while the rest are close enough.

    That saves a third to a half of the decoding. What is left may have gaps: then all are decoded.
    """

    def __init__(self, stream: "VideoStream", step_s: float, fps: float | None) -> None:
        self._codec = stream.codec_context
        self._max_gap_s = 1.25 * step_s
        self._last_s: float | None = None
        self._is_on = step_s * (fps or 0.0) >= _MIN_LEFT_OUT
        if self._is_on:
            self._codec.skip_frame = "NONREF"

    def note(self, at_s: float) -> None:
        """A frame was decoded."""
        if self._is_on and self._last_s is not None and at_s - self._last_s > self._max_gap_s:
            self._codec.skip_frame = "DEFAULT"
            self._is_on = False
        self._last_s = at_s


def _declared_length_s(container: "InputContainer", stream: "VideoStream") -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        length_s = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        length_s = container.duration / av.time_base
    else:
        return None
    return length_s if length_s > 0 else None


def _shown_size(width_px: int, height_px: int, aspect: Fraction | None) -> tuple[int, int]:
    """The size with square pixels."""
    if not aspect or not 1 / _MAX_ASPECT <= aspect <= _MAX_ASPECT:
        return width_px, height_px
    return max(1, round(width_px * aspect)), height_px


def _quarter_turns(counterclockwise: int) -> Rotation:
    """The rotation in whole quarters; anything between is left as it is."""
    turned: dict[int, Rotation] = {90: 90, 180: 180, 270: 270}
    return turned.get(counterclockwise % 360, 0)


def _text(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _size_text(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"


def _length_text(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d} h" if hours else f"{minutes}:{left:02d} min"
