import csv
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from maskdet_app.photo import downloads
from maskdet_app.photo.batch import Photo
from maskdet_app.photo.downloads import ZipBuilder
from maskdet_core import Detections, Face, FaceBox, Verdict, encode_jpeg
from maskdet_core.pictures.decode import decode_image
from tests.app.conftest import LABELS, MakePhoto


def jpeg_with_exif(rgb: np.ndarray) -> bytes:
    """A JPEG whose metadata names camera and place."""
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[1] = "N"
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


@pytest.fixture
def photos(make_photo: MakePhoto) -> list[Photo]:
    return [
        make_photo("one.jpg", 0.99, 0.01),
        make_photo("=bad()", error="no picture"),
        make_photo("two"),
    ]


def test_annotated_photo_has_no_metadata_and_keeps_its_size() -> None:
    rgb = np.full((300, 400, 3), 120, np.uint8)
    face = Face.of_two_classes(FaceBox(100, 100, 80, 90), 0.99, Verdict.WITH_MASK)
    photo = Photo("k", "n", jpeg_with_exif(rgb), Detections(400, 300, (face,)), face_size="usual")
    assert Image.open(io.BytesIO(photo.data)).getexif()
    annotated = downloads.annotated_photo(photo, LABELS, blurred=False)
    image = Image.open(io.BytesIO(annotated))
    assert (image.size, dict(image.getexif())) == ((400, 300), {})
    assert b"Exif" not in annotated and b"A camera" not in annotated


def test_blur_includes_faces_without_a_verdict() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    classified, unjudged = FaceBox(50, 60, 80, 90), FaceBox(250, 60, 80, 90)
    detections = Detections(
        400, 300, (Face.of_two_classes(classified, 0.99, Verdict.WITH_MASK),), unjudged=(unjudged,)
    )
    photo = Photo("k", "n", encode_jpeg(rgb, 95), detections, face_size="usual")

    def contrast(box: FaceBox, *, blurred: bool) -> float:
        image = decode_image(downloads.annotated_photo(photo, LABELS, blurred=blurred)).astype(
            float
        )
        x, y = box.x + box.w // 2, box.y + box.h // 2
        return float(image[y - 15 : y + 15, x - 15 : x + 15].std(axis=(0, 1)).mean())

    for box in (classified, unjudged):
        assert contrast(box, blurred=True) < contrast(box, blurred=False) / 3


def test_unreadable_photo_has_no_annotated_copy(photos: list[Photo]) -> None:
    with pytest.raises(ValueError, match="checked and read"):
        downloads.annotated_photo(photos[1], LABELS, blurred=False)


def test_csv_and_json_agree(photos: list[Photo]) -> None:
    rows = list(csv.DictReader(io.StringIO(downloads.csv_report(photos).decode("utf-8-sig"))))
    report = json.loads(downloads.json_report(photos))
    assert [row["photo"] for row in rows] == ["one.jpg", "one.jpg", "'=bad()", "two"]
    assert [len(photo["faces"]) for photo in report] == [2, 0, 0]
    assert [row["verdict"] for row in rows[:2]] == [face["verdict"] for face in report[0]["faces"]]
    assert report[1]["error"] == "no picture"


def test_zip_has_pictures_and_reports_and_is_built_in_steps(photos: list[Photo]) -> None:
    builder = ZipBuilder(photos, LABELS, blurred=False)
    n_done = []
    while builder.content is None:
        builder.add_photos(0.0)
        n_done.append(builder.n_done)
        assert len(n_done) < 10
    assert n_done == [1, 2, 3]
    with zipfile.ZipFile(io.BytesIO(builder.content)) as archive:
        assert archive.testzip() is None
        pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert len(pictures) == 2
        for name in pictures:
            decode_image(archive.read(name))
        report = json.loads(archive.read("faces.json"))
        assert [photo["annotated"] for photo in report if photo["annotated"]] == pictures
        assert len(list(csv.reader(io.StringIO(archive.read("faces.csv").decode())))) == 5


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c.jpg", "x" * 200, "", "..", "CON"])
def test_file_names_in_the_zip_are_never_paths(name: str, make_photo: MakePhoto) -> None:
    builder = ZipBuilder([make_photo(name, 0.99), make_photo(name, 0.99)], LABELS, blurred=False)
    builder.add_photos(60)
    assert builder.content is not None
    with zipfile.ZipFile(io.BytesIO(builder.content)) as archive:
        pictures = [one for one in archive.namelist() if one.endswith(".jpg")]
    assert len(set(pictures)) == 2
    assert not any("/" in one or "\\" in one or one.startswith(".") for one in pictures)
    assert all(len(one) < 60 for one in pictures)
