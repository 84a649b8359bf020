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
from maskdet_core.reasons import Problem, Reason
from maskdet_core.video.formats import CODECS, HEAD_BYTES, container_format
from maskdet_core.video.frame import Rotation, VideoFrame
from maskdet_core.video.frame_times import FrameTimes, Pace
from maskdet_core.video.limits import VideoLimits

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

MAX_DAMAGED: Final = 500
"""Packets in a row that cannot be decoded, after which the rest is given up."""
SHORT_SHARE: Final = 0.9
"""A file of which less than this share of its declared length could be read ends early."""
_MAX_ASPECT: Final = 4.0
"""Pixels that are declared longer than this are a damaged declaration; DV has at most 1.5."""
_PROBE_BYTES: Final = 5_000_000
"""Read at most to find out about a file's streams (FFmpeg's own default)."""
_EARLY: Final = 0.35
"""A frame may come so much of a step early; the next one is due as if it had not."""


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
        notes: what went wrong while reading, complete after the last frame.
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
        self.notes: list[Reason] = []
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
            raise TransientVideoError(
                f"cannot read the file: {error.strerror or error}", Problem.UNREADABLE
            ) from error
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
        times = FrameTimes(self._stream.time_base, self.info.fps)
        pace = Pace(self._stream, step_s, self.info.fps)
        at_s, due_s = -math.inf, 0.0
        for decoded in self._decoded():
            at_s = times.of(decoded)
            if at_s > self._limits.max_length_s:
                most_s = self._limits.max_length_s
                message = f"longer than {_length_text(most_s)}: cut"
                self.notes.append(Reason(Problem.CUT, message, {"most_s": most_s}))
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
                Reason(
                    Problem.ENDS_EARLY,
                    f"the file ends early: {self.length_s:.1f} of {declared_s:.1f} s could be read",
                    {"read_s": self.length_s, "declared_s": declared_s},
                )
            )

    def _opened(self, source: BinaryIO) -> "InputContainer":
        n_bytes = source.seek(0, 2)
        if n_bytes > self._limits.max_bytes:
            raise VideoError(
                f"expected at most {_size_text(self._limits.max_bytes)}, got {_size_text(n_bytes)}",
                Problem.TOO_LARGE,
                got_mb=n_bytes / 1e6,
                most_mb=self._limits.max_bytes / 1e6,
            )
        source.seek(0)
        name = container_format(source.read(HEAD_BYTES))
        if name is None:
            raise VideoError(
                "expected a video as MP4, MOV, WebM, MKV, AVI or GIF", Problem.NOT_A_VIDEO
            )
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
            raise VideoError("the file holds no video", Problem.NOT_A_VIDEO)
        stream = streams[0]
        if stream.codec_context is None:
            raise VideoError("the video's codec is not known", Problem.NOT_A_VIDEO)
        codec = stream.codec_context.codec.canonical_name
        if codec not in CODECS:
            raise VideoError(
                f"expected one of the codecs {', '.join(sorted(CODECS))}, got {codec}",
                Problem.NOT_A_VIDEO,
            )
        return stream

    def _validated_info(self) -> VideoInfo:
        stream, codec = self._stream, self._stream.codec_context
        length_s = _declared_length_s(self._container, stream)
        if length_s is not None and length_s > self._limits.max_length_s:
            raise VideoError(
                f"expected at most {_length_text(self._limits.max_length_s)}, "
                f"got {_length_text(length_s)}",
                Problem.TOO_LONG,
                got_s=length_s,
                most_s=self._limits.max_length_s,
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
                f"got {width_px}x{height_px}",
                Problem.TOO_MANY_PIXELS,
                most_megapixels=self._limits.max_pixels / 1e6,
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
                    message = f"the rest could not be read ({_text(error)})"
                    self.notes.append(Reason(Problem.REST_LOST, message))
                    break
                continue
            except OSError as error:
                raise TransientVideoError(
                    f"cannot read the file: {error}", Problem.UNREADABLE
                ) from error
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    yield frame
        if n_damaged:
            message = f"damaged: {n_damaged} parts of the video could not be decoded"
            self.notes.append(Reason(Problem.PARTS_LOST, message, {"n": n_damaged}))

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
