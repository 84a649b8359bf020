"""Check uploaded photos: bytes in, what the photo page shows out. Nothing touches the disk."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import streamlit as st

from maskdet_core import (
    Detections,
    ImageError,
    MaskDetector,
    RgbImage,
    annotate,
    decode_image,
    encode_jpeg,
)

_SLOT: Final = "checked_photos"


class UploadedPhoto(Protocol):
    """What is used of Streamlit's UploadedFile."""

    name: str
    file_id: str

    def getvalue(self) -> bytes:
        """The file's content."""
        ...


@dataclass(frozen=True, slots=True)
class CheckedPhoto:
    """One photo's result.

    ``crops`` has one uint8 RGB square a face, ``annotated`` is a JPEG without metadata. Both are
    empty, and ``detections`` is None, where ``error`` says why the photo could not be used.
    """

    name: str
    detections: Detections | None = None
    crops: tuple[RgbImage, ...] = ()
    annotated: bytes = b""
    error: str | None = None


def check(detector: MaskDetector, name: str, data: bytes, min_confidence: float) -> CheckedPhoto:
    """Find and judge the faces of one photo; an unusable photo is a result, not an exception."""
    try:
        image = decode_image(data)
    except ImageError as error:
        return CheckedPhoto(name, error=str(error))
    detections = detector.detect(image, min_confidence=min_confidence)
    crops = tuple(np.array(detector.crop(image, face.box)) for face in detections)
    return CheckedPhoto(name, detections, crops, encode_jpeg(annotate(image, detections)))


def at(photo: CheckedPhoto, data: bytes, min_confidence: float) -> CheckedPhoto:
    """The same photo at another threshold, without searching it again.

    Args:
        photo: an earlier result.
        data: the photo's bytes, for drawing anew where a verdict changed.
        min_confidence: the new threshold, 0.5 <= c < 1.
    """
    if photo.detections is None:
        return photo
    decided = photo.detections.at(min_confidence)
    if decided == photo.detections:
        return photo
    annotated = encode_jpeg(annotate(decode_image(data), decided))
    return CheckedPhoto(photo.name, decided, photo.crops, annotated)


def check_all(
    detector: MaskDetector, uploads: Iterable[UploadedPhoto], min_confidence: float, progress: str
) -> list[CheckedPhoto]:
    """Check what is new among the uploads, showing progress, and forget what was removed.

    Args:
        detector: shared by all visitors.
        uploads: the files now in the uploader.
        min_confidence: threshold, 0.5 <= c < 1.
        progress: text with ``{n}`` and ``{total}``.
    """
    uploads = list(uploads)
    known: dict[str, CheckedPhoto] = st.session_state.get(_SLOT, {})
    results: dict[str, CheckedPhoto] = {}
    n_new = sum(upload.file_id not in known for upload in uploads)
    bar = st.progress(0.0) if n_new else None
    for number, upload in enumerate(uploads, start=1):
        earlier = known.get(upload.file_id)
        if bar is not None:
            bar.progress((number - 1) / len(uploads), progress.format(n=number, total=len(uploads)))
        data = upload.getvalue()
        results[upload.file_id] = (
            check(detector, upload.name, data, min_confidence)
            if earlier is None
            else at(earlier, data, min_confidence)
        )
    if bar is not None:
        bar.empty()
    # Only what is still chosen stays in memory.
    st.session_state[_SLOT] = results
    return list(results.values())
