"""One visitor's photos: what was handed in, what was found. Kept in memory, never on disk."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from maskdet_app.ops import metrics as monitoring
from maskdet_core import Detections, ImageError, MaskDetector, RgbImage, annotate, encode_jpeg
from maskdet_core.decode import decode_image, shrink_within
from maskdet_core.detector import MIN_FACE_PX, min_face_px_in
from maskdet_core.draw.annotate import Labels

Smallest = Literal["tiny", "usual", "large"]
SMALLEST: Final[tuple[Smallest, ...]] = get_args(Smallest)
_LARGE_SHARE: Final = 1 / 8
"""Of the picture's long side: who stands in front, and nobody in the background."""
MAX_PHOTOS: Final = 500
MAX_TOTAL_BYTES: Final = 400_000_000
"""What one visitor may leave with the server at a time; it all stays in its memory."""
PREVIEW_PX: Final = 512
"""Long side of the pictures in the gallery."""
VIEW_PX: Final = 1600
"""Long side of the one that is looked at closely."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as handed in, and what was found in it.

    Attributes:
        key: unlike any other photo's.
        name: as the visitor's file was called; never trusted.
        data: the file.
        found: None before it was checked, and where it could not be used.
        error: why it could not be used.
        smallest: what it was checked for; None before.
        preview: small JPEG without frames and without metadata; empty before it was checked.
    """

    key: str
    name: str
    data: bytes
    found: Detections | None = None
    error: str | None = None
    smallest: Smallest | None = None
    preview: bytes = b""

    def at(self, min_confidence: float) -> "Photo":
        """The same photo, decided at another threshold."""
        return (
            self
            if self.found is None
            else replace(self, found=self.found.with_min_confidence(min_confidence))
        )


@dataclass(frozen=True, slots=True)
class CloseUp:
    """A photo in a size for looking at it, and what the classifier saw of each face."""

    picture: RgbImage
    crops: tuple[RgbImage, ...]


class PhotoBatch:
    """A visitor's photos in the order in which they came."""

    def __init__(self) -> None:
        """Begin with none."""
        self._photos: dict[str, Photo] = {}
        self._close_up: tuple[str, Smallest, CloseUp] | None = None
        self._drawn: dict[str, tuple[Detections, Labels, bytes]] = {}

    def __len__(self) -> int:
        """Number of photos."""
        return len(self._photos)

    def __contains__(self, key: str) -> bool:
        """Whether a photo of this key lies here."""
        return key in self._photos

    def __iter__(self) -> Iterator[Photo]:
        """Iterate over the photos."""
        return iter(tuple(self._photos.values()))

    def add(self, key: str, name: str, data: bytes) -> bool:
        """Take a photo in, unchecked; one that already lies here is left as it is.

        Returns:
            False if there is no room for it.
        """
        if key in self._photos:
            return True
        total = sum(len(photo.data) for photo in self._photos.values()) + len(data)
        if len(self._photos) >= MAX_PHOTOS or total > MAX_TOTAL_BYTES:
            return False
        self._photos[key] = Photo(key, name, data)
        return True

    def remove(self, *keys: str) -> None:
        """Forget photos; one that is not here is no error."""
        for key in keys:
            self._photos.pop(key, None)
            self._drawn.pop(key, None)
            if self._close_up is not None and self._close_up[0] == key:
                self._close_up = None

    def clear(self) -> None:
        """Forget all photos."""
        self._photos.clear()
        self._drawn.clear()
        self._close_up = None

    def waiting(self, smallest: Smallest) -> list[Photo]:
        """Photos that have not been checked for faces of this size yet."""
        return [photo for photo in self._photos.values() if photo.smallest != smallest]

    def work(
        self,
        detector: MaskDetector,
        smallest: Smallest,
        for_s: float,
        before_each: Callable[[Photo, int], None],
    ) -> None:
        """Check waiting photos for some time, at least one of them.

        Args:
            detector: shared with others.
            smallest: see `Photo`.
            for_s: no further photo is begun after this time.
            before_each: told which photo comes, and how many have been checked before it.
        """
        until = time.monotonic() + for_s
        waiting = self.waiting(smallest)
        n_before = len(self) - len(waiting)
        for number, photo in enumerate(waiting):
            before_each(photo, n_before + number)
            checked, close_up = check(detector, photo, smallest)
            monitoring.count_photo(checked.found)
            self._photos[photo.key] = checked
            if close_up is not None:
                self._close_up = (photo.key, smallest, close_up)
            if time.monotonic() >= until:
                return

    def preview(self, photo: Photo, labels: Labels) -> bytes:
        """A small JPEG of a checked photo with frames; drawn anew only where a verdict changed.

        Raises:
            ValueError: the photo could not be read, or was not checked yet.
        """
        if photo.found is None:
            raise ValueError(f"expected a photo that was checked and read, got {photo.key!r}")
        kept = self._drawn.get(photo.key)
        if kept is not None and kept[0] == photo.found and kept[1] == labels:
            return kept[2]
        drawn = encode_jpeg(with_frames(decode_image(photo.preview), photo.found, labels), 85)
        self._drawn[photo.key] = (photo.found, labels, drawn)
        return drawn

    def close_up(self, detector: MaskDetector, photo: Photo) -> CloseUp:
        """A checked photo, large, and its faces' crops; the last one asked for is kept.

        Raises:
            ValueError: the photo could not be read, or was not checked yet.
        """
        if photo.smallest is None or photo.found is None:
            raise ValueError(f"expected a photo that was checked and read, got {photo.key!r}")
        kept = self._close_up
        if kept is not None and kept[:2] == (photo.key, photo.smallest):
            return kept[2]
        close_up = _close_up(detector, decode_image(photo.data), photo.found)
        self._close_up = (photo.key, photo.smallest, close_up)
        return close_up


def check(detector: MaskDetector, photo: Photo, smallest: Smallest) -> tuple[Photo, CloseUp | None]:
    """Find and judge the faces of one photo; an unusable photo is a result, not an exception."""
    try:
        image = decode_image(photo.data)
    except ImageError as error:
        return replace(photo, found=None, error=str(error), smallest=smallest), None
    height, width = image.shape[:2]
    found = detector.detect(image, min_face_px=least_px(smallest, width, height))
    preview = encode_jpeg(shrink_within(image, PREVIEW_PX), quality=85)
    checked = replace(photo, found=found, error=None, smallest=smallest, preview=preview)
    return checked, _close_up(detector, image, found)


def _close_up(detector: MaskDetector, image: RgbImage, found: Detections) -> CloseUp:
    return CloseUp(shrink_within(image, VIEW_PX), detector.face_crops(image, found))


def least_px(smallest: Smallest, width: int, height: int) -> int:
    """Least face height that is looked for in a picture of this size, px."""
    match smallest:
        case "tiny":
            return MIN_FACE_PX
        case "usual":
            return min_face_px_in(width, height)
        case "large":
            return min_face_px_in(width, height, _LARGE_SHARE)


def with_frames(image_rgb: RgbImage, found: Detections, labels: Labels) -> RgbImage:
    """A picture of a photo, in any size, with the frames of what was found in the photo."""
    height, width = image_rgb.shape[:2]
    return annotate(image_rgb, found.resized(width, height), labels)
