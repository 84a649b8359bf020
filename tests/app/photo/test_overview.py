from maskdet_app.photo.batch import Photo
from maskdet_app.photo.overview import photos_by_category


def test_each_photo_counts_once_in_its_first_category(photos: list[Photo]) -> None:
    assert photos_by_category(photos) == {
        "without_mask": 2,
        "worn_wrong": 0,
        "not_sure": 1,
        "with_mask": 1,
        "no_face": 1,
        "unread": 1,
    }
