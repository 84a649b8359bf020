import math

import pytest

from maskdet_app.photo.batch import Photo
from maskdet_app.photo.gallery import KINDS, ORDERS, Kind, Order, arranged, kinds, summary
from maskdet_app.photo.overview import photos_by_kind
from tests.app.conftest import MakePhoto


@pytest.fixture
def photos(checked: MakePhoto) -> list[Photo]:
    return [
        checked("b-masked", 0.99),
        checked("Zebra"),
        checked("a-mixed", 0.99, 0.01, 0.02),
        checked("broken", error="expected a picture"),
        checked("c-unsure", 0.6),
        checked("d-bare", 0.001),
    ]


def names(photos: list[Photo]) -> list[str]:
    return [photo.name for photo in photos]


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ([], ["b-masked", "Zebra", "a-mixed", "broken", "c-unsure", "d-bare"]),
        (["without_mask"], ["a-mixed", "d-bare"]),
        (["with_mask"], ["b-masked", "a-mixed"]),
        (["not_sure"], ["c-unsure"]),
        (["no_face"], ["Zebra"]),
        (["unread"], ["broken"]),
        (["no_face", "unread"], ["Zebra", "broken"]),
        (list(KINDS), ["b-masked", "Zebra", "a-mixed", "broken", "c-unsure", "d-bare"]),
    ],
)
def test_filter(photos: list[Photo], wanted: list[Kind], shown: list[str]) -> None:
    assert names(arranged(photos, wanted, "came")) == shown


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("came", ["b-masked", "Zebra", "a-mixed"]),
        ("bare_first", ["a-mixed", "d-bare", "b-masked"]),
        ("least_sure", ["c-unsure", "a-mixed", "b-masked"]),
        ("most_faces", ["a-mixed", "b-masked", "c-unsure"]),
        ("name", ["a-mixed", "b-masked", "broken"]),
    ],
)
def test_order(photos: list[Photo], order: Order, first: list[str]) -> None:
    assert order in ORDERS
    assert names(arranged(photos, [], order))[:3] == first
    assert sorted(names(arranged(photos, [], order))) == sorted(names(photos))


def test_a_face_without_a_probability_counts_as_least_sure(checked: MakePhoto) -> None:
    photos = [checked("sure", 0.999), checked("failed", math.nan)]
    assert names(arranged(photos, [], "least_sure")) == ["failed", "sure"]


def test_each_photo_is_counted_once_by_what_asks_most_for_a_look(photos: list[Photo]) -> None:
    assert photos_by_kind(photos) == {
        "without_mask": 2,
        "not_sure": 1,
        "with_mask": 1,
        "no_face": 1,
        "unread": 1,
    }
    assert kinds(photos[2]) == {"with_mask", "without_mask"}


def test_summary_names_every_verdict_with_its_number(photos: list[Photo]) -> None:
    assert summary(photos[2]) == "1 × Mask, 2 × No mask"
    assert summary(photos[1]) == "No face"
    assert "read" in summary(photos[3])
