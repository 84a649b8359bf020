"""An alert as it is sent: a JSON object with a schema number, and a face only where asked for."""

import base64
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import cv2
import numpy as np

from maskdet_core.alerts.events import Alert
from maskdet_core.pictures.encode import encode_jpeg
from maskdet_core.precision import round_seconds
from maskdet_core.types import FaceBox, RgbImage

SCHEMA: Final = 1
"""Of all objects that `watch` prints and alerts send. Names are added, never changed."""
PICTURE_PX: Final = 160
"""Longer side of a face that is sent at most: enough to know a person by, and a few kB."""
_MARGIN: Final = 0.25
"""Of the face around it, on each side."""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """An alert with what a receiver needs to know of it.

    Attributes:
        alert: what happened.
        source: name of the camera or file, as its operator calls it.
        time: when, by the wall clock, with a time zone.
        jpeg: a picture of the face; None unless the operator asked for it.
        id: the same for each try to send it, so that a receiver can tell that it has it already.
    """

    alert: Alert
    source: str
    time: datetime
    jpeg: bytes | None = field(default=None, repr=False)
    id: str = field(default_factory=lambda: f"msg_{uuid.uuid4().hex}")

    def to_json(self) -> dict[str, Any]:
        """The object, in JSON types."""
        alert = self.alert
        picture = None if self.jpeg is None else base64.b64encode(self.jpeg).decode("ascii")
        return {
            "schema": SCHEMA,
            "id": self.id,
            "event": alert.kind.value,
            "time": time_text(self.time),
            "at_s": round_seconds(alert.at_s),
            "since_s": round_seconds(alert.since_s),
            "source": self.source,
            "person": alert.person,
            "people": asdict(alert.counts),
            "n_alerting": alert.n_alerting,
            "picture_jpeg_base64": picture,
        }


def time_text(time: datetime) -> str:
    """A time as ISO 8601 in UTC to the millisecond, such as ``2026-05-04T09:30:00.250Z``."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def face_jpeg(image_rgb: RgbImage, box: FaceBox) -> bytes:
    """A small JPEG of a face and a little around it, without metadata.

    Args:
        image_rgb: uint8 (H, W, 3), RGB.
        box: the face, inside the image.
    """
    height, width = image_rgb.shape[:2]
    dx, dy = round(box.w * _MARGIN), round(box.h * _MARGIN)
    x0, y0 = max(0, box.x - dx), max(0, box.y - dy)
    crop = image_rgb[y0 : min(height, box.y + box.h + dy), x0 : min(width, box.x + box.w + dx)]
    scale = PICTURE_PX / max(crop.shape[:2])
    if scale < 1:
        size = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_jpeg(np.ascontiguousarray(crop))
