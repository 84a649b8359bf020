"""What a visitor takes home: annotated pictures, all of them in a zip, and reports of all faces."""

import io
import time
import zipfile
from collections.abc import Sequence

from maskdet_app.photo.batch import Photo
from maskdet_core.batch.photo import annotated_copy
from maskdet_core.batch.report import PhotoReport, csv_bytes, json_text, safe_name
from maskdet_core.decode import decode_image
from maskdet_core.draw.annotate import Labels


def picture(photo: Photo, labels: Labels, *, blurred: bool) -> bytes:
    """A checked photo in full size with its frames, as JPEG without metadata.

    Args:
        photo: one that could be read.
        labels: words on the frames.
        blurred: whether all faces that were found are blurred.

    Raises:
        ValueError: the photo could not be read, or was not checked yet.
    """
    if photo.found is None:
        raise ValueError(f"expected a photo that was checked and read, got {photo.key!r}")
    return annotated_copy(decode_image(photo.data), photo.found, labels, blurred=blurred)


def reports(photos: Sequence[Photo], *, with_pictures: bool = False) -> list[PhotoReport]:
    """One report a checked photo, in order.

    Args:
        photos: checked ones.
        with_pictures: whether to name the annotated copies as `Packer` does.
    """
    return [
        PhotoReport(
            photo.name,
            photo.found,
            photo.error,
            safe_name(photo.name, number) if with_pictures and photo.found is not None else None,
        )
        for number, photo in enumerate(photos, start=1)
    ]


def table(photos: Sequence[Photo]) -> bytes:
    """All faces as CSV."""
    return csv_bytes(reports(photos))


def data(photos: Sequence[Photo]) -> bytes:
    """All faces as JSON."""
    return "".join(json_text(reports(photos))).encode()


class Packer:
    """Fills a zip little by little, so that a page can show how far it is."""

    def __init__(self, photos: Sequence[Photo], labels: Labels, *, blurred: bool) -> None:
        """Begin an empty zip.

        Args:
            photos: checked ones; those that could not be read are in the reports alone.
            labels: words on the frames.
            blurred: whether all faces that were found are blurred.
        """
        self._labels, self._blurred = labels, blurred
        self._reports = reports(photos, with_pictures=True)
        self._photos = list(photos)
        self._buffer = io.BytesIO()
        self._n_done = 0
        self._content: bytes | None = None

    @property
    def n_photos(self) -> int:
        """All photos, those that could not be read among them."""
        return len(self._reports)

    @property
    def n_done(self) -> int:
        """Photos that were packed or passed over."""
        return self._n_done

    @property
    def content(self) -> bytes | None:
        """The zip; None before it is complete."""
        return self._content

    def work(self, for_s: float) -> None:
        """Pack for some time, at least one photo; complete the zip after the last one."""
        if self._content is not None:
            return
        until = time.monotonic() + for_s
        # Opened anew each time, so that nothing is left open when the visitor goes away meanwhile.
        # Pictures are packed as they are: a JPEG does not become smaller.
        with zipfile.ZipFile(self._buffer, "a", zipfile.ZIP_STORED) as packed:
            while self._n_done < self.n_photos:
                self._pack_next(packed)
                if time.monotonic() >= until:
                    break
            if self._n_done < self.n_photos:
                return
            packed.writestr("faces.csv", csv_bytes(self._reports))
            packed.writestr("faces.json", "".join(json_text(self._reports)))
        self._content = self._buffer.getvalue()
        self._photos.clear()

    def _pack_next(self, packed: zipfile.ZipFile) -> None:
        photo, report = self._photos[self._n_done], self._reports[self._n_done]
        if report.annotated is not None:
            drawn = picture(photo, self._labels, blurred=self._blurred)
            packed.writestr(report.annotated, drawn)
        self._n_done += 1
