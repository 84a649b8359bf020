"""Photographs with drawn faces and hand-drawn boxes."""

from pathlib import Path

import pytest

from train.data.annotations.photos import LabelledPhoto, read_photos


@pytest.fixture
def photo(labelled_set: Path) -> LabelledPhoto:
    return read_photos(labelled_set)[0]
