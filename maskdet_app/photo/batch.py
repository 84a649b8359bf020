"""One visitor's photos and their detections. Kept in memory, never on disk."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, get_args

from maskdet_app.photo import decoding
from maskdet_app.photo.removed import RemovedPhotos
from maskdet_core import Detections, ImageError, MaskDetector, RgbImage, annotate, encode_jpeg
from maskdet_core.batch.photos.check import detect_in_photo
from maskdet_core.detector import MIN_FACE_PX, MIN_FACE_SHARE, min_face_px_in
from maskdet_core.draw.annotate import Labels
from maskdet_core.html_report.document import PICTURE_PX
from maskdet_core.pictures.decode import DecodedPhoto, decode_image
from maskdet_core.pictures.resize import shrink_within
from maskdet_core.reasons import Reason

FaceSize = Literal["tiny", "usual", "large"]
"""Least size of the faces to detect; the codes are values of a query parameter."""
FACE_SIZES: Final[tuple[FaceSize, ...]] = get_args(FaceSize)
FACE_SHARES: Final[dict[FaceSize, float | None]] = {
    "tiny": None,
    "usual": MIN_FACE_SHARE["photo"],
    # leaves out the background
    "large": 1 / 8,
}
"""Least height as a share of the photo's long side; never below `MIN_FACE_PX`, the tiny one."""
MAX_PHOTOS: Final = 500
MAX_TOTAL_BYTES: Final = 400_000_000
"""Limit of one visitor's photos, which all stay in the server's memory."""
PREVIEW_PX: Final = PICTURE_PX
"""Long side of the pictures in the gallery, which an HTML report shows too."""
DETAIL_PX: Final = 1600
"""Long side of the picture in the detail view."""
_PREVIEW_QUALITY: Final = 85


class Meter(Protocol):
    """Counts checked photos. Must not raise."""

    def photo_checked(self, detections: Detections | None) -> None:
        """A photo was checked; None means that it could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class Photo:
    """An uploaded photo with its detections.

    Attributes:
        key: unique in the batch.
        name: file name on the visitor's device; untrusted.
        data: content of the file.
        detections: None before the check, and for a photo that cannot be read.
        reason: why the photo cannot be read.
        face_size: the least face size it was checked for; None before the check.
        preview: small JPEG without frames and metadata; empty before the check.
    """

    key: str
    name: str
    data: bytes
    detections: Detections | None = None
    reason: Reason | None = None
    face_size: FaceSize | None = None
    preview: bytes = b""

    def with_min_confidence(self, min_confidence: float, *, two_classes: bool = False) -> "Photo":
        """The same photo with its verdicts by another rule; see `maskdet_core.types.decide`."""
        if self.detections is None:
            return self
        decided = self.detections.with_min_confidence(min_confidence, two_classes=two_classes)
        return replace(self, detections=decided)


@dataclass(frozen=True, slots=True)
class DetailView:
    """The pictures of the detail view.

    Attributes:
        image_rgb: the photo without frames, long side at most `DETAIL_PX`.
        crops: for each face what the classifier saw of it, uint8 (size, size, 3) RGB.
    """

    image_rgb: RgbImage
    crops: tuple[RgbImage, ...]


class PhotoBatch:
    """A visitor's photos in the order of upload.

    One thread at a time uses it. Only for the moment in which a page is loaded again may the run
    before still be checking a photo.
    """

    def __init__(self, meter: Meter | None = None) -> None:
        """Start empty.

        Args:
            meter: is told of each checked photo.
        """
        self._meter = meter
        self._lock = threading.Lock()
        self._photos: dict[str, Photo] = {}
        self.removed: RemovedPhotos[Photo] = RemovedPhotos()
        """Those of the last `remove_all`, for a moment."""
        self._detail_view: tuple[str, FaceSize, DetailView] | None = None
        self._previews: dict[str, tuple[Detections, Labels, bytes]] = {}

    def __len__(self) -> int:
        """Number of photos."""
        return len(self._photos)

    def __contains__(self, key: str, /) -> bool:
        """Whether the batch holds a photo with this key, also one that was just removed."""
        return key in self._photos or key in self.removed

    def __iter__(self) -> Iterator[Photo]:
        """Iterate over the photos."""
        return iter(tuple(self._photos.values()))

    def add(self, key: str, name: str, data: bytes) -> bool:
        """Add a photo, unchecked. A key that the batch has already is left as it is.

        Photos that were just removed are gone for good then: they must not add up.

        Returns:
            False if the photo exceeds `MAX_PHOTOS` or `MAX_TOTAL_BYTES`.
        """
        if key in self._photos:
            return True
        self.discard_removed()
        n_bytes = sum(len(photo.data) for photo in self._photos.values()) + len(data)
        if len(self._photos) >= MAX_PHOTOS or n_bytes > MAX_TOTAL_BYTES:
            return False
        self._photos[key] = Photo(key, name, data)
        return True

    def remove(self, *keys: str) -> None:
        """Remove photos with everything derived from them; an unknown key is ignored."""
        with self._lock:
            for key in keys:
                self._photos.pop(key, None)
                self._previews.pop(key, None)
                if self._detail_view is not None and self._detail_view[0] == key:
                    self._detail_view = None

    def remove_all(self) -> None:
        """Remove all photos; for a moment, `undo_remove_all` brings them back."""
        with self._lock:
            self.removed.put(self._photos.values())
            self._photos.clear()
            self._previews.clear()
            self._detail_view = None

    def undo_remove_all(self) -> bool:
        """Bring back what `remove_all` removed, with its detections.

        Returns:
            False if it is gone for good.
        """
        photos = self.removed.take()
        self._photos.update((photo.key, photo) for photo in photos)
        return bool(photos)

    def discard_removed(self) -> None:
        """Delete for good what `remove_all` removed. Any thread may call it."""
        self.removed.discard()

    def waiting(self, face_size: FaceSize) -> list[Photo]:
        """The photos that were not checked for faces of this size yet."""
        return [photo for photo in self._photos.values() if photo.face_size != face_size]

    def check_waiting(
        self,
        detector: MaskDetector,
        face_size: FaceSize,
        budget_s: float,
        before_each: Callable[[Photo, int], None],
    ) -> None:
        """Check waiting photos, at least one, until the time is used up.

        Args:
            detector: shared with other visitors.
            face_size: see `Photo`.
            budget_s: no further photo is started after this time.
            before_each: called with the next photo and the number of photos checked before it.
        """
        deadline = time.monotonic() + budget_s
        waiting = self.waiting(face_size)
        n_checked = len(self) - len(waiting)
        for index, photo in enumerate(waiting):
            before_each(photo, n_checked + index)
            checked, detail_view = check_photo(detector, photo, face_size)
            if self._meter is not None:
                self._meter.photo_checked(checked.detections)
            with self._lock:
                # after a reload, the new page may have removed it meanwhile
                if photo.key in self._photos:
                    self._photos[photo.key] = checked
                    if detail_view is not None:
                        self._detail_view = (photo.key, face_size, detail_view)
            if time.monotonic() >= deadline:
                return

    def preview(self, photo: Photo, labels: Labels) -> bytes:
        """A small JPEG of a checked photo with frames; cached until a verdict changes.

        Raises:
            ValueError: the photo cannot be read, or was not checked yet.
        """
        if photo.detections is None:
            raise ValueError(f"expected a photo that was checked and read, got {photo.key!r}")
        cached = self._previews.get(photo.key)
        if cached is not None and cached[:2] == (photo.detections, labels):
            return cached[2]
        annotated = annotate_resized(decode_image(photo.preview), photo.detections, labels)
        jpeg = encode_jpeg(annotated, _PREVIEW_QUALITY)
        with self._lock:
            if photo.key in self._photos:
                self._previews[photo.key] = (photo.detections, labels, jpeg)
        return jpeg

    def detail_view(self, detector: MaskDetector, photo: Photo) -> DetailView:
        """The pictures of a checked photo's detail view; the newest one is cached.

        Decodes the photo and cuts the crops around the known boxes: runs neither the finder nor the
        network.

        Raises:
            ImageError: the photo cannot be decoded at the moment.
            ValueError: the photo cannot be read, or was not checked yet.
        """
        if photo.face_size is None or photo.detections is None:
            raise ValueError(f"expected a photo that was checked and read, got {photo.key!r}")
        cached = self._detail_view
        if cached is not None and cached[:2] == (photo.key, photo.face_size):
            return cached[2]
        detections = photo.detections
        detail_view = decoding.with_decoded(
            photo.data, lambda decoded: _detail_view(detector, decoded.image_rgb, detections)
        )
        with self._lock:
            if photo.key in self._photos:
                self._detail_view = (photo.key, photo.face_size, detail_view)
        return detail_view


def check_photo(
    detector: MaskDetector, photo: Photo, face_size: FaceSize
) -> tuple[Photo, DetailView | None]:
    """Detect and classify the faces of one photo.

    Returns:
        The checked photo and its detail view. For a photo that cannot be read, the photo with
        `Photo.reason` set, and None.
    """
    try:
        return decoding.with_decoded(
            photo.data, lambda decoded: _check_decoded(detector, photo, decoded, face_size)
        )
    except ImageError as error:
        return replace(photo, detections=None, reason=error.reason, face_size=face_size), None


def _check_decoded(
    detector: MaskDetector, photo: Photo, decoded: DecodedPhoto, face_size: FaceSize
) -> tuple[Photo, DetailView]:
    smallest_px = min_face_px(face_size, decoded.width_px, decoded.height_px)
    detections = detect_in_photo(detector, decoded, min_face_px=smallest_px)
    image = decoded.image_rgb
    preview = encode_jpeg(shrink_within(image, PREVIEW_PX), quality=_PREVIEW_QUALITY)
    checked = replace(
        photo, detections=detections, reason=None, face_size=face_size, preview=preview
    )
    return checked, _detail_view(detector, image, detections)


def _detail_view(detector: MaskDetector, image: RgbImage, detections: Detections) -> DetailView:
    height, width = image.shape[:2]
    if (width, height) != (detections.width_px, detections.height_px):
        detections = detections.resized(width, height)
    return DetailView(shrink_within(image, DETAIL_PX), detector.face_crops(image, detections))


def min_face_px(face_size: FaceSize, width: int, height: int) -> int:
    """Least height of a face to detect in a picture of this size, px."""
    share = FACE_SHARES[face_size]
    return MIN_FACE_PX if share is None else min_face_px_in(width, height, share)


def annotate_resized(
    image_rgb: RgbImage, detections: Detections, labels: Labels, *, numbered: bool = False
) -> RgbImage:
    """A copy of a resized photo with the frames of the detections in the original photo.

    Args:
        image_rgb: the resized photo, uint8 (H, W, 3).
        detections: in the original photo.
        labels: words by verdict.
        numbered: see `annotate`.
    """
    height, width = image_rgb.shape[:2]
    return annotate(image_rgb, detections.resized(width, height), labels, numbered=numbered)
