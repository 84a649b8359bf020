"""Write a film with the verdicts drawn, frame by frame, in bounded memory."""

from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from types import TracebackType
from typing import BinaryIO, Final, Self

import av
import cv2
import numpy as np
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.video.stream import VideoStream

from maskdet_core.draw.annotate import LABELS, LOOKING, LabelMemory, Labels, annotate
from maskdet_core.draw.anonymise import blur_faces
from maskdet_core.types import FaceBox, RgbImage
from maskdet_core.video.events import WatchedFrame
from maskdet_core.video.pipeline import WriteBehind

FILM_PX: Final = 1280
"""Longer side of the film written: more would take longer to write than all the rest."""
FILM_STEP_S: Final = 1 / 30
"""Least mean time between two of its frames."""
BLUR_AROUND_S: Final = 1.0
"""For so long before a face is found, and after it is lost, its place is blurred too. The whole
frame is searched every 0.3 to 0.5 s."""
_N_WAITING: Final = 4
"""Frames that wait to be drawn and encoded at most, some 3 MB each."""
_BT_601: Final = 6
_LIMITED_RANGE: Final = 1
"""FFmpeg's AVCOL_SPC_SMPTE170M and AVCOL_RANGE_MPEG: what OpenCV converts to."""
_TIME_BASE: Final = Fraction(1, 90_000)
_ENCODERS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    # at most 2 Mbit a second, 15 MB a minute. The fastest preset, with what keeps a camera's still
    # background small: against "veryfast" a third of the time, for two to three times the bytes
    (
        "libx264",
        {
            "preset": "ultrafast",
            "x264-params": "no-deblock=0:cabac=1:8x8dct=1:aq-mode=1:mbtree=1:rc-lookahead=10",
            "crf": "25",
            "maxrate": "2M",
            "bufsize": "4M",
        },
    ),
    ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "crf": "36", "b": "2M"}),
)
"""Encoders by preference, each with its options. Wheels of PyAV have had both so far."""


class AnnotatedFilm:
    """Writes an MP4 file without sound and metadata, in a thread of its own.

        with AnnotatedFilm(file, width, height) as film:
            for watched, image_rgb in ...: film.add(watched, image_rgb)
            film.close()

    Without `close` the file is no film.

    Verdicts are drawn as they were known at each frame, as live. With ``blur``, frames are held
    back until it is known which faces come into view, `BLUR_AROUND_S`; a face that the finder never
    finds is not blurred.
    """

    def __init__(
        self,
        file: BinaryIO,
        width_px: int,
        height_px: int,
        *,
        blur: bool = False,
        labels: Labels = LABELS,
        looking: str = LOOKING,
    ) -> None:
        """Begin a film.

        Args:
            file: seekable and writable, stays open.
            width_px: of the frames; an odd row or column is cut off.
            height_px: the same.
            blur: blur all faces.
            labels: see `annotate`.
            looking: see `annotate`.
        """
        name, options = _encoder()
        self._labels, self._looking, self._blur = labels, looking, blur
        self._memory = LabelMemory()
        self._container = av.open(file, "w", format="mp4")
        stream = self._container.add_stream(name, rate=30, options=dict(options))
        if not isinstance(stream, VideoStream):
            raise TypeError(f"expected a video encoder, got {name}")
        self._stream = stream
        # both encoders halve the colours' resolution
        self._size = (max(2, width_px // 2 * 2), max(2, height_px // 2 * 2))
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = _TIME_BASE
        # players take larger frames without a word on their colours for BT.709
        self._stream.codec_context.colorspace = _BT_601
        self._stream.codec_context.color_range = _LIMITED_RANGE
        self._held: deque[tuple[WatchedFrame, RgbImage]] = deque()
        self._before: deque[WatchedFrame] = deque()
        self._pts = -1
        self._thread = WriteBehind(self._take, _N_WAITING)

    def __enter__(self) -> Self:
        """The film."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread."""
        self._thread.__exit__(kind, error, trace)

    def add(self, watched: WatchedFrame, image_rgb: RgbImage) -> None:
        """Add a frame; waits while too many are not written yet.

        Args:
            watched: what is known at it; in a smaller or larger copy, too.
            image_rgb: uint8 (H, W, 3), RGB, of the film's shape; not to be changed any more.

        Raises:
            OSError: the file cannot be written.
        """
        self._thread.add((watched, image_rgb))

    def close(self) -> None:
        """Write what is held back, and the end of the file.

        Raises:
            OSError: the file cannot be written.
        """
        self._thread.finish()
        while self._held:
            self._write(*self._held.popleft())
        self._container.mux(self._stream.encode())
        self._container.close()

    def _take(self, pair: tuple[WatchedFrame, RgbImage]) -> None:
        watched, image_rgb = pair
        self._held.append((watched, image_rgb))
        wait_s = BLUR_AROUND_S if self._blur else 0.0
        while self._held and watched.at_s - self._held[0][0].at_s >= wait_s:
            self._write(*self._held.popleft())

    def _write(self, watched: WatchedFrame, image_rgb: RgbImage) -> None:
        height, width = image_rgb.shape[:2]
        shown = watched.detections.resized(width, height)
        if self._blur:
            image_rgb = blur_faces(image_rgb, (*shown.boxes, *self._around(watched, width)))
        drawn = annotate(image_rgb, shown, self._labels, looking=self._looking, memory=self._memory)
        if (width, height) != self._size:
            # an odd row or column, or a frame of another size than the first
            drawn = _padded(drawn, *self._size)
        # a quarter of the time that FFmpeg's conversion takes; BT.601, as the file says
        planes = np.asarray(cv2.cvtColor(drawn, cv2.COLOR_RGB2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        self._pts = max(self._pts + 1, round(watched.at_s / _TIME_BASE))
        frame.pts, frame.time_base = self._pts, _TIME_BASE
        self._container.mux(self._stream.encode(frame))
        if self._blur:
            self._before.append(watched)
            while watched.at_s - self._before[0].at_s > BLUR_AROUND_S:
                self._before.popleft()

    def _around(self, watched: WatchedFrame, width_px: int) -> Iterable[FaceBox]:
        """Where faces are soon found, or were just lost: the nearest position of each."""
        boxes: dict[int, FaceBox] = {}
        later = [one for one, _ in self._held if one.at_s - watched.at_s <= BLUR_AROUND_S]
        for one in (*self._before, *reversed(later)):
            scale = width_px / one.detections.width_px
            for track_id, box in zip(one.track_ids, one.detections.boxes, strict=True):
                boxes[track_id] = _scaled(box, scale)
        for track_id in watched.track_ids:
            boxes.pop(track_id, None)
        return boxes.values()


def _encoder() -> tuple[str, dict[str, str]]:
    error: UnknownCodecError | None = None
    for name, options in _ENCODERS:
        try:
            Codec(name, "w")
        except UnknownCodecError as unknown:
            error = unknown
        else:
            return name, options
    raise error or UnknownCodecError("expected an encoder")


def _scaled(box: FaceBox, scale: float) -> FaceBox:
    x, y, w, h = (round(side * scale) for side in box.xywh)
    return FaceBox(x, y, max(1, w), max(1, h))


def _padded(image_rgb: RgbImage, width_px: int, height_px: int) -> RgbImage:
    """Cut to a size from the top left corner, with black where there is nothing."""
    canvas = np.zeros((height_px, width_px, 3), np.uint8)
    part = image_rgb[:height_px, :width_px]
    canvas[: part.shape[0], : part.shape[1]] = part
    return canvas
