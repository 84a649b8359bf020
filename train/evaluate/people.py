"""Even-handedness: wrong and withheld verdicts by group, age and gender, bare and masked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.records.evaluation import (
    PeopleConditionRecord,
    PeopleGapRecord,
    PeopleGroupRecord,
    ShareRecord,
)
from maskdet_core.types import MASK_CLASSES, WITH_MASK, WITHOUT_MASK, WORN_WRONG
from train.augment.masks import MaskPainter
from train.data.faces.images import read_rgb
from train.data.faces.people import Person, eyes_in_crop, person_crop
from train.evaluate.judged import NO_FACE_AT, NOT_SURE_AT, Judged
from train.intervals import difference_interval, share_of

Condition = Literal["bare", "drawn_mask", "drawn_wrong"]
By = Literal["group", "age", "gender"]

TRUTH: Final[dict[Condition, str]] = {
    "bare": WITHOUT_MASK,
    "drawn_mask": WITH_MASK,
    "drawn_wrong": WORN_WRONG,
}
AGE_BANDS: Final = ((0, 12), (13, 19), (20, 39), (40, 59), (60, 200))
"""First and last year of each band: children, teenagers, and three of adults."""
MIN_GROUP: Final = 30
"""Smaller groups are reported, but no gap is stated with them: it would be chance."""
SEED: Final = 11
"""Of the drawn masks: everyone gets the same draw with each network."""


def age_band(age: int) -> str:
    """The band of an age in years, such as "20–39"; "60+" for the last."""
    for first, last in AGE_BANDS[:-1]:
        if age <= last:
            return f"{first}–{last}"
    return f"{AGE_BANDS[-1][0]}+"


OF_PERSON: Final[dict[By, Callable[[Person], str]]] = {
    "group": lambda person: person.group,
    "age": lambda person: age_band(person.age),
    "gender": lambda person: person.gender,
}


@dataclass(frozen=True, slots=True)
class PeopleTest:
    """The same people under one condition.

    Attributes:
        condition: bare, or with which mask drawn on.
        people: N of them.
        crops: uint8 RGB (N, 128, 128, 3).
        n_left_out: people on whom no mask could be drawn.
    """

    condition: Condition
    people: list[Person]
    crops: NDArray[np.uint8]
    n_left_out: int


def people_tests(people: Sequence[Person]) -> Iterator[PeopleTest]:
    """The people bare, and with masks drawn on rightly and wrongly."""
    for condition in TRUTH:
        test = _drawn(condition, people)
        if test.people:
            yield test


def _drawn(condition: Condition, people: Sequence[Person]) -> PeopleTest:
    kept: list[Person] = []
    crops: list[NDArray[np.uint8]] = []
    for i, person in enumerate(people):
        crop = person_crop(read_rgb(person.path))
        drawn: NDArray[np.uint8] | None = crop
        if condition != "bare":
            # on the crop, as in training: a mask that the frame cuts off is not drawn
            rng = np.random.default_rng((SEED, i))
            wrong = condition == "drawn_wrong"
            drawn = MaskPainter().paint(crop, eyes_in_crop(), rng, wrong=wrong)
        if drawn is not None:
            kept.append(person)
            crops.append(drawn)
    stacked = np.stack(crops) if crops else np.empty((0, 1, 1, 3), np.uint8)
    return PeopleTest(condition, kept, stacked, len(people) - len(kept))


def measure_people(
    test: PeopleTest, logits: NDArray[np.float64], manifest: ModelManifest
) -> PeopleConditionRecord:
    """Rates of all people and of each group, and the largest gaps.

    Args:
        test: the people, one or more.
        logits: (N, n_classes) of their crops.
        manifest: names the classes, the temperature and the thresholds.
    """
    truth = np.full(len(test.people), MASK_CLASSES.index(TRUTH[test.condition]), np.int64)
    judged = Judged.of(truth, logits, manifest)
    everyone = _rates("all", "all", judged)
    groups = [everyone]
    gaps: list[PeopleGapRecord] = []
    for by, name_of in OF_PERSON.items():
        names = np.array([name_of(person) for person in test.people])
        here = [_rates(by, name, judged.part(names == name)) for name in _ordered(names)]
        groups += here
        gaps += _gaps(by, here)
    return {
        "condition": test.condition,
        "n_left_out": test.n_left_out,
        "groups": groups,
        "gaps": gaps,
    }


def _ordered(names: NDArray[np.str_]) -> list[str]:
    """Different names, ages by number."""
    unique: list[str] = [str(name) for name in np.unique(names)]
    bands = [age_band(last) for _, last in AGE_BANDS]
    return sorted(unique, key=lambda name: (bands.index(name) if name in bands else -1, name))


def _rates(by: Literal["all"] | By, name: str, judged: Judged) -> PeopleGroupRecord:
    n = len(judged)
    return {
        "by": by,
        "name": name,
        "n": n,
        "wrong": share_of(int(judged.wrong_sure.sum()), n),
        "not_sure": share_of(int((judged.said == NOT_SURE_AT).sum()), n),
        "no_face": share_of(int((judged.said == NO_FACE_AT).sum()), n),
    }


def _gaps(by: By, groups: Sequence[PeopleGroupRecord]) -> list[PeopleGapRecord]:
    """The largest gap between two groups of `MIN_GROUP` people or more, of each rate."""
    large = [group for group in groups if group["n"] >= MIN_GROUP]
    if len(large) < 2:
        return []
    return [
        _gap(by, "wrong", [(g["name"], g["wrong"]) for g in large]),
        _gap(by, "not_sure", [(g["name"], g["not_sure"]) for g in large]),
    ]


def _gap(
    by: By, of: Literal["wrong", "not_sure"], rates: Sequence[tuple[str, ShareRecord]]
) -> PeopleGapRecord:
    pairs = [
        pair if pair[0][1]["value"] >= pair[1][1]["value"] else pair[::-1]
        for pair in combinations(rates, 2)
    ]
    high, low = max(pairs, key=lambda pair: pair[0][1]["value"] - pair[1][1]["value"])
    return {
        "by": by,
        "of": of,
        "highest": high[0],
        "lowest": low[0],
        "value": high[1]["value"] - low[1]["value"],
        "ci95": list(difference_interval(high[1], low[1])),
    }
