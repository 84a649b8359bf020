import math
from dataclasses import replace

import pytest

from maskdet_app.photo.batch import Photo
from maskdet_app.photo.gallery import (
    CATEGORIES,
    SORT_ORDERS,
    Category,
    SortOrder,
    categories,
    filter_and_sort,
    summary,
)
from maskdet_core import Detections, Face, FaceBox, Verdict
from tests.app.conftest import MakePhoto


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
        (list(CATEGORIES), ["b-masked", "Zebra", "a-mixed", "broken", "c-unsure", "d-bare"]),
    ],
)
def test_filter(photos: list[Photo], wanted: list[Category], shown: list[str]) -> None:
    assert names(filter_and_sort(photos, wanted, "came")) == shown


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
def test_order(photos: list[Photo], order: SortOrder, first: list[str]) -> None:
    assert order in SORT_ORDERS
    assert names(filter_and_sort(photos, [], order))[:3] == first
    assert sorted(names(filter_and_sort(photos, [], order))) == sorted(names(photos))


def test_face_without_a_probability_sorts_as_least_certain(make_photo: MakePhoto) -> None:
    photos = [make_photo("sure", 0.999), make_photo("failed", math.nan)]
    assert names(filter_and_sort(photos, [], "least_sure")) == ["failed", "sure"]


def test_no_mask_first_puts_worn_wrong_before_masks(make_photo: MakePhoto) -> None:
    box = FaceBox(10, 10, 20, 20)
    faces = {
        "masked": (Face.of_two_classes(box, 0.99, Verdict.WITH_MASK),),
        "wrong": (Face(box, 0.1, 0.8, 0.1, Verdict.WORN_WRONG),),
        "bare": (Face.of_two_classes(box, 0.01, Verdict.WITHOUT_MASK),),
    }
    photos = [
        replace(make_photo(name), detections=Detections(120, 90, found))
        for name, found in faces.items()
    ]
    assert names(filter_and_sort(photos, [], "bare_first")) == ["bare", "wrong", "masked"]
    assert names(filter_and_sort(photos, ["worn_wrong"], "came")) == ["wrong"]
    assert summary(photos[1]) == "1 × Worn wrong"


@pytest.mark.parametrize(("two_classes", "first"), [(False, "wrong"), (True, "bare")])
def test_least_sure_follows_the_rule(two_classes: bool, first: str, make_photo: MakePhoto) -> None:
    """Worn wrong or not, it is no mask: sure where these two count together."""
    probabilities = {"wrong": (0.02, 0.5, 0.48), "bare": (0.1, 0.0, 0.9)}
    photos = [
        replace(
            make_photo(name),
            detections=Detections(
                120, 90, (Face(FaceBox(10, 10, 20, 20), *p, Verdict.NOT_SURE),)
            ).with_min_confidence(0.6, two_classes=two_classes),
        )
        for name, p in probabilities.items()
    ]
    assert names(filter_and_sort(photos, [], "least_sure"))[0] == first


def test_photo_has_a_category_for_each_verdict(photos: list[Photo]) -> None:
    assert categories(photos[2]) == {"with_mask", "without_mask"}


def test_summary_counts_every_verdict(photos: list[Photo]) -> None:
    assert summary(photos[2]) == "1 × Mask, 2 × No mask"
    assert summary(photos[1]) == "No face"
    assert "read" in summary(photos[3])
