"""Which files the uploader accepts."""

from maskdet_app.photo.upload import FILE_TYPES
from maskdet_core.pictures.picture_format import PICTURE_SUFFIXES


def test_folders_and_page_take_the_same_suffixes() -> None:
    assert {f".{name}" for name in FILE_TYPES} == set(PICTURE_SUFFIXES)
    assert {".jpg", ".jpe", ".jfif", ".hif", ".avif", ".heic"} <= set(PICTURE_SUFFIXES)
    assert all(suffix == suffix.lower() for suffix in PICTURE_SUFFIXES)
