"""Test sets in groups and in order."""

from typing import Any

import pytest

from maskdet_app.metrics.records import test_sets
from maskdet_app.ui.texts.i18n import t


def of(slug: str, accuracy: float = 0.9) -> dict[str, Any]:
    return {"slug": slug, "accuracy": accuracy}


@pytest.mark.parametrize(
    ("slug", "group", "whole"),
    [
        ("leak-free", "leak_free", True),
        ("leak-free-street-853", "leak_free", False),
        ("street", "street", True),
        ("street-dark", "street", False),
        ("street-853-test", "published", True),
        ("street-853-test-large", "published", False),
        ("street-853-held-out", "held_out", True),
        ("street-853-held-out-large", "held_out", False),
        ("wild-below-32-px", "wild", False),
        ("hands", "covered", True),
        ("anything", "other", True),
    ],
)
def test_group_by_slug(slug: str, group: str, whole: bool) -> None:
    assert (test_sets.group_of(of(slug)), test_sets.is_whole(of(slug))) == (group, whole)


def test_whole_sets_come_before_their_parts_and_the_best_first() -> None:
    slugs = ["objects", "street-dark", "street", "hands", "leak-free-dark", "leak-free-blurred"]
    accuracies = [0.8, 0.99, 0.5, 0.9, 0.7, 0.8]
    sets = test_sets.ordered([*map(of, slugs, accuracies), of("leak-free"), {}])
    assert [test_sets.slug_of(one) for one in sets] == [
        *("leak-free", "leak-free-blurred", "leak-free-dark", "street", "street-dark"),
        *("hands", "objects", ""),
    ]
    assert [one["slug"] for one in test_sets.parts_of(of("street"), sets)] == [
        *("street", "street-dark")
    ]
    assert test_sets.parts_of(of("hands"), sets) == []


def test_codes_for_the_address_are_all_different() -> None:
    sets = [of("hands"), of("hands"), of("a b"), {"slug": 3}, {}]
    assert test_sets.codes_of(sets) == ["hands", "set 2", "set 3", "set 4", "set 5"]


def test_every_group_has_a_name() -> None:
    assert len({test_sets.group_name(group) for group in test_sets.GROUPS}) == 7
    assert test_sets.group_name("other") == t("tests.other")
