"""Rates by group, age and gender, and the gaps between them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from maskdet_core.masks.manifest import ModelManifest
from train.data.faces.people import Person, read_people
from train.errors import DataError
from train.evaluate.people import PeopleTest, age_band, measure_people, people_tests

MANIFEST = ModelManifest(
    *("m", "m.tflite", "0" * 64, 1),
    classes=("with_mask", "worn_wrong", "without_mask", "no_face"),
)
RIGHT, WRONG, UNSURE, NO_FACE = ([0.0, 0, 9, -9], [9.0, 0, 0, -9], [5.0, 5, 5, -9], [0, 0, 0, 9.0])


@pytest.mark.parametrize(
    ("age", "band"),
    [(0, "0–12"), (12, "0–12"), (13, "13–19"), (39, "20–39"), (60, "60+"), (110, "60+")],
)
def test_age_bands(age: int, band: str) -> None:
    assert age_band(age) == band


def people(n: int, group: str, age: int = 30, gender: str = "female") -> list[Person]:
    return [Person(Path("x.png"), age, gender, group)] * n


def test_rates_and_gaps() -> None:
    test = PeopleTest(
        "bare",
        [*people(40, "a"), *people(40, "b", 70), *people(5, "c", gender="male")],
        np.zeros((85, 1, 1, 3), np.uint8),
        0,
    )
    logits = np.array(
        [*[WRONG] * 2, *[UNSURE] * 4, *[NO_FACE] * 4, *[RIGHT] * 30]
        + [*[WRONG] * 6, *[RIGHT] * 34]
        + [WRONG] * 5
    )
    record = measure_people(test, logits, MANIFEST)
    rates = {(one["by"], one["name"]): one for one in record["groups"]}
    assert rates["all", "all"]["wrong"]["n_hits"] == 13
    assert rates["group", "a"]["wrong"]["value"] == 0.05
    assert rates["group", "a"]["not_sure"]["value"] == 0.1
    assert rates["group", "a"]["no_face"]["value"] == 0.1
    assert rates["group", "c"]["wrong"]["value"] == 1
    assert [one["name"] for one in record["groups"] if one["by"] == "age"] == ["20–39", "60+"]
    gaps = {(gap["by"], gap["of"]): gap for gap in record["gaps"]}
    # five people of the smallest group say nothing of a gap, so that gender has none
    assert set(gaps) == {(by, of) for by in ("group", "age") for of in ("wrong", "not_sure")}
    wrong = gaps["group", "wrong"]
    assert (wrong["highest"], wrong["lowest"]) == ("b", "a")
    assert wrong["value"] == pytest.approx(0.1)
    assert wrong["ci95"][0] < 0 < 0.1 < wrong["ci95"][1]


@pytest.mark.parametrize(
    ("condition", "said", "n_wrong"),
    [("drawn_mask", WRONG, 0), ("drawn_mask", RIGHT, 1), ("drawn_wrong", WRONG, 1)],
)
def test_truth_is_what_was_drawn(condition: str, said: list[float], n_wrong: int) -> None:
    crops = np.zeros((1, 1, 1, 3), np.uint8)
    test = PeopleTest(condition, people(1, "a"), crops, 2)  # type: ignore[arg-type]
    record = measure_people(test, np.array([said]), MANIFEST)
    assert record["groups"][0]["wrong"]["n_hits"] == n_wrong
    assert (record["n_left_out"], record["gaps"]) == (2, [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(2):
        assert cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((200, 200, 3), 90 + i, np.uint8))
    rows = [{"file": f"{i}.png", "age": 20, "gender": "male", "group": "a"} for i in range(2)]
    (tmp_path / "faces.json").write_text(json.dumps(rows))
    return tmp_path


class FakePainter:
    """Whitens the picture; leaves out the brighter one where the mask is worn wrong."""

    def paint(
        self,
        rgb: np.ndarray,
        eyes: tuple[tuple[float, float], tuple[float, float]],
        rng: np.random.Generator,
        *,
        wrong: bool,
    ) -> np.ndarray | None:
        (left, _), (right, _) = eyes
        assert 0 < left < 64 < right < 128
        return None if wrong and rgb.max() > 90 else np.full_like(rgb, 250)


def test_people_are_tested_bare_and_with_drawn_masks(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.evaluate.people.MaskPainter", FakePainter)
    bare, right, wrong = people_tests(read_people(folder))
    assert [bare.condition, right.condition, wrong.condition] == ["bare", *DRAWN]
    assert bare.crops.shape == (2, 128, 128, 3)
    assert bare.crops.max() <= 91 and right.crops.min() == 250
    assert (len(wrong.people), wrong.n_left_out) == (1, 1)


DRAWN = ["drawn_mask", "drawn_wrong"]


@pytest.mark.parametrize("content", ["{", "[]", '[{"file": "a"}]', "{}", "[3]"])
def test_unusable_people_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "faces.json").write_text(content)
    with pytest.raises(DataError, match=r"expected .*people"):
        read_people(tmp_path)
