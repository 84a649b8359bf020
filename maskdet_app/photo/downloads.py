"""Downloads of the photo page: annotated photos, a zip of all of them, reports of all faces."""

import io
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace

from maskdet_app.photo import decoding
from maskdet_app.photo.batch import Photo
from maskdet_core import ImageError
from maskdet_core.batch.photos.check import annotated_copy
from maskdet_core.batch.photos.report import PhotoReport, csv_bytes, json_text, safe_name
from maskdet_core.draw.annotate import Labels


def annotated_photo(
    photo: Photo,
    labels: Labels,
    *,
    blurred: bool,
    while_waiting: Callable[[], None] = decoding.stop_unwanted_run,
) -> bytes:
    """A checked photo with frames, as JPEG without metadata, at the size at which it is decoded.

    Args:
        photo: one that can be read.
        labels: texts on the frames.
        blurred: whether to blur all detected faces.
        while_waiting: see `decoding.with_decoded`.

    Raises:
        ImageError: the photo cannot be decoded at the moment.
        ValueError: the photo cannot be read, or was not checked yet.
    """
    if photo.detections is None:
        raise ValueError(f"expected a photo that was checked and read, got {photo.key!r}")
    detections = photo.detections
    return decoding.with_decoded(
        photo.data,
        lambda decoded: annotated_copy(decoded.image_rgb, detections, labels, blurred=blurred),
        while_waiting,
    )


def reports(photos: Sequence[Photo], *, with_pictures: bool = False) -> list[PhotoReport]:
    """A report for each photo, in order.

    Args:
        photos: checked ones.
        with_pictures: whether to name the annotated copies as `ZipBuilder` does.
    """
    return [
        PhotoReport(
            photo.name,
            photo.detections,
            None if photo.reason is None else photo.reason.message,
            safe_name(photo.name, number)
            if with_pictures and photo.detections is not None
            else None,
        )
        for number, photo in enumerate(photos, start=1)
    ]


def csv_report(photos: Sequence[Photo]) -> bytes:
    """All faces of checked photos as CSV."""
    return csv_bytes(reports(photos))


def json_report(photos: Sequence[Photo]) -> bytes:
    """All faces of checked photos as JSON."""
    return "".join(json_text(reports(photos))).encode()


class ZipBuilder:
    """Builds a zip of annotated photos and reports in steps, so that a page can show progress."""

    def __init__(self, photos: Sequence[Photo], labels: Labels, *, blurred: bool) -> None:
        """Start with an empty zip.

        Args:
            photos: checked ones; those that cannot be read are in the reports only.
            labels: texts on the frames.
            blurred: whether to blur all detected faces.
        """
        self._labels, self._blurred = labels, blurred
        self._reports = reports(photos, with_pictures=True)
        self._photos = list(photos)
        self._buffer = io.BytesIO()
        self._n_done = 0
        self._content: bytes | None = None

    @property
    def n_photos(self) -> int:
        """Number of photos, including those that cannot be read."""
        return len(self._reports)

    @property
    def n_done(self) -> int:
        """Number of photos that were added or skipped."""
        return self._n_done

    @property
    def content(self) -> bytes | None:
        """The zip, or None before it is complete."""
        return self._content

    def add_photos(self, budget_s: float) -> None:
        """Add photos, at least one, until the time is used up; the last one completes the zip."""
        if self._content is not None:
            return
        deadline = time.monotonic() + budget_s
        # Reopened in each step, so that nothing stays open when the visitor leaves meanwhile.
        # Stored without compression, which would not make a JPEG smaller.
        with zipfile.ZipFile(self._buffer, "a", zipfile.ZIP_STORED) as archive:
            while self._n_done < self.n_photos:
                self._add_next(archive)
                if time.monotonic() >= deadline:
                    break
            if self._n_done < self.n_photos:
                return
            archive.writestr("faces.csv", csv_bytes(self._reports))
            archive.writestr("faces.json", "".join(json_text(self._reports)))
        self._content = self._buffer.getvalue()
        self._photos.clear()

    def _add_next(self, archive: zipfile.ZipFile) -> None:
        photo, report = self._photos[self._n_done], self._reports[self._n_done]
        if report.annotated is not None:
            try:
                jpeg = annotated_photo(photo, self._labels, blurred=self._blurred)
            except ImageError:
                # memory is short by now: its faces stay in the reports
                self._reports[self._n_done] = replace(report, annotated=None)
            else:
                archive.writestr(report.annotated, jpeg)
        self._n_done += 1
