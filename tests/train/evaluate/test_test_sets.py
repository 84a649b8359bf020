"""The named tests and their parts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from train.data.faces.datasets import read_covered_other, read_dataset
from train.data.splits.split import Split
from train.evaluate import test_sets
from train.evaluate.rates import rates


def test_small_faces_of_street_photographs_are_left_out(photo_set: Path, crop_set: Path) -> None:
    photos, crops = read_dataset(photo_set), read_dataset(crop_set)
    # 20 and 30 px of a picture of 200 px
    tiny = [replace(one, box=(0.2, 0.2, 0.05, 0.1)) for one in photos]
    small = [replace(one, box=(0.2, 0.2, 0.1, 0.15)) for one in photos]
    split = Split([], [], crops, [*crops, *photos], 0, [*photos, *tiny, *small], [])
    (street,) = test_sets.street(split)
    assert len(street.faces) == 2 * len(photos)
    sizes = {part.slug: int(part.members.sum()) for part in street.parts}
    assert (
        sizes
        | {
            "street": 2 * len(photos),
            "street-below-32-px": len(photos),
            "street-32-px-and-more": len(photos),
        }
        == sizes
    )
    (published,) = test_sets.published(split)
    assert {face.dataset for face in published.faces} == {"crops"}, "photos have their own test"
    assert list(test_sets.wild(split)) == []


def test_leak_free_is_mask_against_bare(
    crop_set: Path, hands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = read_dataset(crop_set)[:6]
    split = Split([], [], faces, [], 0)
    monkeypatch.setattr(test_sets, "OUTPUTS", ("worn_wrong", "without_mask", "no_face"))
    n_wrong = sum(face.label == 0 for face in faces)
    assert n_wrong
    by_slug = {part.slug: int(part.members.sum()) for part in test_sets.leak_free(split).parts}
    assert by_slug["leak-free-worn-wrong"] == n_wrong
    assert by_slug.get("leak-free", 0) == len(faces) - n_wrong
    assert len(test_sets.mask_or_bare(split)) == len(faces) - n_wrong


def test_copies_of_a_picture_count_once(crop_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faces = read_dataset(crop_set)[:4]
    labels = [0, 0, 0, 1]
    faces = [replace(face, label=label) for face, label in zip(faces, labels, strict=True)]
    split = Split([], [], faces[::-1], [], 0)
    monkeypatch.setattr(test_sets, "OUTPUTS", ("with_mask", "without_mask", "no_face"))
    monkeypatch.setattr(test_sets, "group_samples", lambda samples: [0, 1, 0, 0])
    (part,) = (
        part for part in test_sets.leak_free(split).parts if part.slug == "leak-free-sources"
    )
    # of the two masked copies the first by key, wherever it stands; the bare face beside them stays
    first = min(faces[:2], key=lambda face: face.key)
    assert {face.key for face, is_in in zip(faces[::-1], part.members, strict=True) if is_in} == {
        first.key,
        faces[2].key,
        faces[3].key,
    }


def test_objects_are_tested(crop_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = Split([], [], read_dataset(crop_set)[:4], [], 0)

    def hold(rgb: np.ndarray, rng: np.random.Generator, *, over_mouth: bool) -> np.ndarray:
        return np.full_like(rgb, 255 if over_mouth else 1)

    monkeypatch.setattr(test_sets, "hold_object", hold)
    (objects,) = test_sets.objects(split)
    assert [part.slug for part in objects.parts] == ["objects"]
    assert set(np.unique(objects.crops)) <= {1, 255}


def test_covered_faces_are_read_from_the_given_part(tmp_path: Path) -> None:
    for split in ("test", "train"):
        folder = tmp_path / split / "covered_other"
        folder.mkdir(parents=True)
        (folder / f"{split}.jpg").write_bytes(b"")
    assert [face.path.name for face in read_covered_other(tmp_path, "test")] == ["test.jpg"]


def test_rates_join_tests() -> None:
    def one(slug: str, verdicts: list[list[int]]) -> dict[str, object]:
        return {"slug": slug, "verdicts": verdicts}

    sets = [
        one("street", [[9, 9, 9, 9, 9], [1, 2, 3, 4, 0], [0] * 5]),
        one("wild", [[9, 9, 9, 9, 9], [2, 0, 0, 0, 8], [0] * 5]),
        one("hands", [[9] * 5, [9] * 5, [1, 0, 98, 0, 1]]),
        one("leak-free", [[9] * 5, [9] * 5, [9] * 5]),
        {"slug": "street-held-out"},
    ]
    found = {rate["slug"]: (rate["n_hits"], rate["n"]) for rate in rates(sets, [])}  # type: ignore[arg-type]
    assert found == {"worn-wrong-called-mask": (3, 20), "at-mouth-called-mask": (1, 100)}
