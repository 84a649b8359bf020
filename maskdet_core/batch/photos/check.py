"""One photo from its file to its report, with an annotated copy if one is wanted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from maskdet_core.batch.photos.report import PhotoReport, safe_name
from maskdet_core.batch.processes.limits import MAX_CPU_S
from maskdet_core.batch.resume import detector_settings
from maskdet_core.batch.storage.addresses import Location, write_whole
from maskdet_core.batch.storage.fetching import Fetched, read_location
from maskdet_core.cpu import N_THREADS, limit_opencv_threads
from maskdet_core.detector import MIN_FACE_PX, MaskDetector
from maskdet_core.draw.annotate import LABELS, Labels, annotate
from maskdet_core.draw.anonymise import blur_faces
from maskdet_core.errors import ImageError, TransientImageError
from maskdet_core.masks.loading import load_classifier
from maskdet_core.pictures.decode import DecodedPhoto, is_out_of_memory
from maskdet_core.pictures.encode import encode_jpeg
from maskdet_core.process_limits import Loss
from maskdet_core.types import Detections, RgbImage


class PhotoTask(NamedTuple):
    """A photo to check; ``number`` names its annotated copy, 1 or more."""

    path: Location | Fetched
    number: int


@dataclass(frozen=True, slots=True)
class PhotoCheckConfig:
    """How photos are checked. Picklable: another process loads its own detector from it.

    Attributes:
        model: see `maskdet_core.load_classifier`.
        min_confidence: see `MaskDetector`.
        min_face_px: see `MaskDetector`.
        finder: see `maskdet_core.load_finder`.
        copies: existing folder for annotated copies, None for none.
        blur: blur all faces in the copies.
        two_classes: count a mask worn wrong as no mask; see `MaskDetector`.
    """

    model: Path | None = None
    min_confidence: float | None = None
    min_face_px: int | None = None
    finder: str | None = None
    copies: Location | None = None
    blur: bool = False
    two_classes: bool = False

    def load(self, n_threads: int = N_THREADS) -> "PhotoChecker":
        """Load the detector into this process, and set OpenCV's threads for the whole process.

        Args:
            n_threads: threads of the network and of OpenCV.

        Raises:
            ModelError: the network cannot be loaded.
            CascadeError: the cascades cannot be loaded.
        """
        detector = MaskDetector.load(
            load_classifier(self.model, n_threads=n_threads),
            min_confidence=self.min_confidence,
            min_face_px=self.min_face_px,
            finder=self.finder,
            two_classes=self.two_classes,
        )
        limit_opencv_threads(n_threads)
        return PhotoChecker(detector, self.copies, blur=self.blur)

    def load_in_worker(self) -> "PhotoChecker":
        """As `load`, with one thread: the other cores have workers of their own."""
        return self.load(n_threads=1)


class PhotoChecker:
    """Checks photos with one detector."""

    def __init__(
        self, detector: MaskDetector, copies: Location | None = None, *, blur: bool = False
    ) -> None:
        """Take a detector; ``copies`` and ``blur`` as in `PhotoCheckConfig`."""
        self.detector = detector
        self._copies = copies
        self._blur = blur

    def __call__(self, task: PhotoTask) -> PhotoReport:
        """Check a photo; one that cannot be used gives a report with an error.

        Raises:
            OSError: the annotated copy cannot be written, so the next ones could not be either.
            AddressError: the same, where copies go to an address.
        """
        photo = str(task.path)
        try:
            decoded = read_location(task.path)
            found = detect_in_photo(self.detector, decoded)
            copy = self._copy(decoded.image_rgb, found)
        except TransientImageError as error:
            return PhotoReport(photo, None, str(error), is_final=False)
        except ImageError as error:
            return PhotoReport(photo, None, str(error))
        except Exception as error:
            # OpenCV or the runtime may raise anything; one photo must not stop a run of thousands
            reason = f"cannot be checked ({type(error).__name__}: {error})"
            return PhotoReport(photo, None, reason, is_final=not is_out_of_memory(error))
        if self._copies is None or copy is None:
            return PhotoReport(photo, found)
        name = safe_name(photo, task.number)
        write_whole(self._copies / name, copy)
        return PhotoReport(photo, found, annotated=name)

    def settings(self) -> dict[str, Any]:
        """What the reports and copies depend on, in JSON types."""
        return {
            **detector_settings(self.detector),
            "annotate": self._copies is not None,
            "blur": self._blur,
        }

    def _copy(self, image: RgbImage, found: Detections) -> bytes | None:
        return None if self._copies is None else annotated_copy(image, found, blurred=self._blur)


def lost_photo(task: PhotoTask, loss: Loss) -> PhotoReport:
    """The report on a photo whose worker process ended; final unless another try may succeed."""
    return PhotoReport(str(task.path), None, lost_reason(loss), is_final=loss is not Loss.KILLED)


def lost_reason(loss: Loss) -> str:
    """Why a picture whose worker process ended could not be used."""
    match loss:
        case Loss.CPU_TIME:
            return f"refused: it takes more than {MAX_CPU_S:g} s of processor time"
        case Loss.CRASH:
            return "refused: it crashes the decoder or the detection"
        case Loss.KILLED:
            return (
                "cannot be checked at the moment: its process was killed, perhaps for lack of "
                "memory (fewer jobs need less)"
            )


def detect_in_photo(
    detector: MaskDetector, photo: DecodedPhoto, *, min_face_px: int | None = None
) -> Detections:
    """Detect the faces of a photo, with boxes in pixels of the photo in the file.

    Args:
        detector: see `MaskDetector.detect`.
        photo: may be reduced. Then the smallest face is at least `MIN_FACE_PX` in the reduced
            image, so about twice that in the photo.
        min_face_px: height of the smallest face in pixels of the photo; None takes the detector's.
    """
    if not photo.is_reduced:
        return detector.detect(photo.image_rgb, min_face_px=min_face_px)
    if min_face_px is None:
        min_face_px = detector.min_face_px_in(photo.width_px, photo.height_px)
    scale = photo.image_rgb.shape[0] / photo.height_px
    smallest_px = max(MIN_FACE_PX, round(min_face_px * scale))
    found = detector.detect(photo.image_rgb, min_face_px=smallest_px)
    return found.resized(photo.width_px, photo.height_px)


def annotated_copy(
    image_rgb: RgbImage, found: Detections, labels: Labels = LABELS, *, blurred: bool
) -> bytes:
    """Draw the detections into a picture and encode it as JPEG without metadata.

    Args:
        image_rgb: uint8 (H, W, 3), unchanged.
        found: what was found in it, or in the photo of which it is a smaller copy.
        labels: texts on the frames; see `annotate`.
        blurred: blur all faces that were found.
    """
    height, width = image_rgb.shape[:2]
    if (width, height) != (found.width_px, found.height_px):
        found = found.resized(width, height)
    if blurred:
        image_rgb = blur_faces(image_rgb, found.boxes)
    return encode_jpeg(annotate(image_rgb, found, labels))
