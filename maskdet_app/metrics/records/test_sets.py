"""Test sets of an evaluation record: in groups, the whole ones before their parts."""

from collections.abc import Sequence
from typing import Any, Final

from maskdet_app.ui.json_values import finite, one_line
from maskdet_app.ui.texts.i18n import t

GROUPS: Final = ("leak_free", "street", "wild", "covered", "held_out", "published", "other")
"""In the order in which they are shown: the fairest tests first."""
BEST_ESTIMATE: Final = "leak-free"
"""Slug of the best estimate for people who are in no training picture."""
_COVERED: Final = ("hands", "objects")
_PART_OF_PUBLISHED: Final = "-large"


def slug_of(test_set: dict[str, Any]) -> str:
    """The set's name in links, empty where it has none."""
    slug = test_set.get("slug")
    return one_line(slug, 80) if isinstance(slug, str) else ""


def group_of(test_set: dict[str, Any]) -> str:
    """Which of `GROUPS` a set belongs to, by its slug as `train.evaluate.test_sets` gives it."""
    slug = slug_of(test_set)
    if slug in _COVERED:
        return "covered"
    if "-held-out" in slug:
        return "held_out"
    if slug.endswith(("-test", f"-test{_PART_OF_PUBLISHED}")):
        return "published"
    for prefix in ("leak-free", "street", "wild"):
        if slug == prefix or slug.startswith(f"{prefix}-"):
            return prefix.replace("-", "_")
    return "other"


def group_name(group: str) -> str:
    """A group in words."""
    return t(f"tests.{group}")


def is_whole(test_set: dict[str, Any]) -> bool:
    """Whether a set is not only a part of another one, such as its dark or small faces."""
    slug, group = slug_of(test_set), group_of(test_set)
    if group in ("leak_free", "street", "wild"):
        return slug == group.replace("_", "-")
    return not slug.endswith(_PART_OF_PUBLISHED)


def ordered(sets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sets group by group; in each the whole ones first, the best first of either."""
    return sorted(
        sets,
        key=lambda one: (
            GROUPS.index(group_of(one)),
            not is_whole(one),
            -(finite(one.get("accuracy")) or 0.0),
        ),
    )


def parts_of(test_set: dict[str, Any], sets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A set and the parts of its group beside it, the best first; one alone is no comparison."""
    group = group_of(test_set)
    if group not in ("leak_free", "street", "wild"):
        return []
    found = [one for one in ordered(sets) if group_of(one) == group]
    return found if len(found) > 1 else []


def codes_of(sets: Sequence[dict[str, Any]]) -> list[str]:
    """A code for each set, for the address: its slug, or its number where that says nothing."""
    codes: list[str] = []
    for number, one in enumerate(sets, start=1):
        slug = slug_of(one)
        usable = slug.replace("-", "").isalnum() and slug not in codes
        codes.append(slug if usable else f"set {number}")
    return codes
