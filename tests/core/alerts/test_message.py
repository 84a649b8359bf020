"""The JSON of an alert, which receivers rely on."""

import base64
import io
import json

import numpy as np
from PIL import Image

from maskdet_core import FaceBox
from maskdet_core.alerts.message import PICTURE_PX, face_jpeg
from tests.core.alerts.alerts import message


def test_the_object_is_what_the_documentation_says() -> None:
    sent = message()
    assert json.loads(json.dumps(sent.to_json())) == {
        "schema": 1,
        "id": sent.id,
        "event": "no_mask",
        "time": "2026-05-04T09:30:00.250Z",
        "at_s": 3.0,
        "since_s": 1.0,
        "source": "entrance",
        "person": 4,
        "people": {"with_mask": 2, "worn_wrong": 0, "without_mask": 1, "not_sure": 0},
        "n_alerting": 1,
        "picture_jpeg_base64": None,
    }
    assert message().id != sent.id


def test_a_face_is_small_and_cut_at_the_edge_of_the_picture() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[:200, :200, 0] = 200
    jpeg = face_jpeg(image, FaceBox(0, 0, 200, 200))
    sent = message(jpeg=jpeg).to_json()["picture_jpeg_base64"]
    picture = Image.open(io.BytesIO(base64.b64decode(sent)))
    assert picture.size == (PICTURE_PX, PICTURE_PX)
    red, green, _ = picture.convert("RGB").getpixel((60, 60))  # type: ignore[misc]
    assert red > 180 and green < 30
    assert "jpeg=" not in repr(message(jpeg=jpeg))
