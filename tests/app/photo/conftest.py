"""Photos of every category."""

import pytest

from maskdet_app.photo.batch import Photo
from tests.app.conftest import MakePhoto


@pytest.fixture
def photos(make_photo: MakePhoto) -> list[Photo]:
    return [
        make_photo("b-masked", 0.99),
        make_photo("Zebra"),
        make_photo("a-mixed", 0.99, 0.01, 0.02),
        make_photo("broken", error="expected a picture"),
        make_photo("c-unsure", 0.6),
        make_photo("d-bare", 0.001),
    ]
