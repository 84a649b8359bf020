import csv
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from maskdet_app.photo import downloads as take_home
from maskdet_app.photo.batch import Photo
from maskdet_app.photo.downloads import Packer
from maskdet_core import Detections, Face, FaceBox, Verdict, encode_jpeg
from maskdet_core.decode import decode_image
from tests.app.conftest import LABELS, MakePhoto


def with_place(rgb: np.ndarray) -> bytes:
    """A JPEG that says where and by what it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[1] = "N"
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


@pytest.fixture
def photos(checked: MakePhoto) -> list[Photo]:
    return [checked("one.jpg", 0.99, 0.01), checked("=bad()", error="no picture"), checked("two")]


def test_pictures_carry_no_metadata_and_keep_their_size() -> None:
    rgb = np.full((300, 400, 3), 120, np.uint8)
    face = Face(FaceBox(100, 100, 80, 90), 0.99, Verdict.WITH_MASK)
    photo = Photo("k", "n", with_place(rgb), Detections(400, 300, (face,)), smallest="usual")
    assert Image.open(io.BytesIO(photo.data)).getexif()
    drawn = take_home.picture(photo, LABELS, blurred=False)
    taken = Image.open(io.BytesIO(drawn))
    assert (taken.size, dict(taken.getexif())) == ((400, 300), {})
    assert b"Exif" not in drawn and b"A camera" not in drawn


def test_faces_can_be_blurred_those_without_a_verdict_too() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    judged, beyond = FaceBox(50, 60, 80, 90), FaceBox(250, 60, 80, 90)
    found = Detections(400, 300, (Face(judged, 0.99, Verdict.WITH_MASK),), unjudged=(beyond,))
    photo = Photo("k", "n", encode_jpeg(rgb, 95), found, smallest="usual")

    def detail(box: FaceBox, *, blurred: bool) -> float:
        image = decode_image(take_home.picture(photo, LABELS, blurred=blurred)).astype(float)
        x, y = box.x + box.w // 2, box.y + box.h // 2
        return float(image[y - 15 : y + 15, x - 15 : x + 15].std(axis=(0, 1)).mean())

    for box in (judged, beyond):
        assert detail(box, blurred=True) < detail(box, blurred=False) / 3


def test_a_photo_that_could_not_be_read_has_no_picture(photos: list[Photo]) -> None:
    with pytest.raises(ValueError, match="checked and read"):
        take_home.picture(photos[1], LABELS, blurred=False)


def test_reports_agree_with_each_other(photos: list[Photo]) -> None:
    rows = list(csv.DictReader(io.StringIO(take_home.table(photos).decode("utf-8-sig"))))
    told = json.loads(take_home.data(photos))
    assert [row["photo"] for row in rows] == ["one.jpg", "one.jpg", "'=bad()", "two"]
    assert [len(photo["faces"]) for photo in told] == [2, 0, 0]
    assert [row["verdict"] for row in rows[:2]] == [face["verdict"] for face in told[0]["faces"]]
    assert told[1]["error"] == "no picture"


def test_zip_holds_pictures_and_reports_and_grows_little_by_little(photos: list[Photo]) -> None:
    packer = Packer(photos, LABELS, blurred=False)
    seen = []
    while packer.content is None:
        packer.work(0.0)
        seen.append(packer.n_done)
        assert len(seen) < 10
    assert seen == [1, 2, 3]
    with zipfile.ZipFile(io.BytesIO(packer.content)) as packed:
        assert packed.testzip() is None
        pictures = [name for name in packed.namelist() if name.endswith(".jpg")]
        assert len(pictures) == 2
        for name in pictures:
            decode_image(packed.read(name))
        told = json.loads(packed.read("faces.json"))
        assert [photo["annotated"] for photo in told if photo["annotated"]] == pictures
        assert len(list(csv.reader(io.StringIO(packed.read("faces.csv").decode())))) == 5


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c.jpg", "x" * 200, "", "..", "CON"])
def test_names_in_the_zip_are_never_paths(name: str, checked: MakePhoto) -> None:
    packer = Packer([checked(name, 0.99), checked(name, 0.99)], LABELS, blurred=False)
    packer.work(60)
    assert packer.content is not None
    with zipfile.ZipFile(io.BytesIO(packer.content)) as packed:
        pictures = [one for one in packed.namelist() if one.endswith(".jpg")]
    assert len(set(pictures)) == 2
    assert not any("/" in one or "\\" in one or one.startswith(".") for one in pictures)
    assert all(len(one) < 60 for one in pictures)
