"""Eyes of bare faces: found only where a pair looks like one."""

from pathlib import Path

import numpy as np
import pytest

from testbed.repository import REPO_ROOT
from train.data.faces import eyes
from train.data.faces.datasets import CLASSES, read_dataset
from train.data.faces.eyes import EyeFinder, find_eyes, likely_pair
from train.data.faces.images import read_rgb
from train.data.faces.people import person_crop, read_people

REAL = REPO_ROOT.parent / "shared" / "data"
LEFT, RIGHT = (0.22, 0.3, 0.16, 0.16), (0.62, 0.3, 0.16, 0.16)


def test_level_pair_is_taken_left_first() -> None:
    pair = likely_pair([RIGHT, LEFT])
    assert pair is not None
    np.testing.assert_allclose(pair, ((0.3, 0.38), (0.7, 0.38)))


@pytest.mark.parametrize(
    "other",
    [
        (0.62, 0.48, 0.16, 0.16),  # slanted
        (0.28, 0.3, 0.16, 0.16),  # too near
        (0.84, 0.3, 0.16, 0.16),  # too far
        (0.54, 0.3, 0.32, 0.32),  # too large
    ],
)
def test_unlikely_pair_is_none(other: tuple[float, ...]) -> None:
    assert likely_pair([LEFT, other]) is None
    assert likely_pair([LEFT]) is None


def test_pair_that_is_too_low_or_aside_is_none() -> None:
    for across, down in ((0.0, 0.25), (0.0, -0.25), (0.2, 0.0)):
        moved = [(x + across, y + down, w, h) for x, y, w, h in (LEFT, RIGHT)]
        assert likely_pair(moved) is None


def test_best_of_several_pairs_wins() -> None:
    mouth_corner = (0.55, 0.36, 0.2, 0.2)
    assert likely_pair([LEFT, mouth_corner, RIGHT]) == likely_pair([LEFT, RIGHT])


def test_faces_without_eyes_are_unsure(crop_set: Path, tmp_path: Path) -> None:
    assert find_eyes(read_dataset(crop_set), tmp_path / "eyes.json") == {}
    assert EyeFinder().find(np.full((128, 128, 3), 128, np.uint8)) is None


def test_found_eyes_are_kept_for_other_runs(
    crop_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        n_asked = 0

        def find(self, crop: np.ndarray) -> eyes.Eyes | None:
            type(self).n_asked += 1
            return ((0.3, 0.4), (0.7, 0.4)) if self.n_asked % 2 else None

    monkeypatch.setattr(eyes, "EyeFinder", Finder)
    monkeypatch.setattr(eyes, "MIN_FACE_PX", 48)
    samples, cache = read_dataset(crop_set), tmp_path / "eyes.json"
    first = find_eyes(samples, cache)
    assert {CLASSES[sample.label] for sample in first} == {"without_mask"}
    assert len(first) == 12 and Finder.n_asked == 24
    assert find_eyes(samples, cache) == first
    assert Finder.n_asked == 24


def test_small_faces_are_not_searched(crop_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eyes, "MIN_FACE_PX", 49)
    monkeypatch.setattr(EyeFinder, "find", lambda *_: ((0.3, 0.4), (0.7, 0.4)))
    assert find_eyes(read_dataset(crop_set)) == {}


@pytest.mark.skipif(not REAL.is_dir(), reason="the training pictures are not here (../shared/data)")
def test_eyes_of_real_faces_are_where_eyes_are() -> None:
    finder = EyeFinder()
    crops = [person_crop(read_rgb(person.path)) for person in read_people(REAL / "people")[::40]]
    found = [pair for crop in crops if (pair := finder.find(crop))]
    assert len(found) > 0.5 * len(crops)
    np.testing.assert_allclose(np.mean(found, axis=(0, 1)), (0.5, 0.38), atol=0.05)
