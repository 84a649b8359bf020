"""Altair charts of what a mask detector gets wrong quietly: rare errors, loose boxes, groups."""

from collections.abc import Iterator
from typing import Any, Final

from maskdet_app.metrics.charts.dots import Dot, dot_plot
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.elements.charts import Chart
from maskdet_app.ui.json_values import count, finite, interval, objects, one_line
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core.types import WITH_MASK, WITHOUT_MASK

CONDITIONS: Final = ("bare", "drawn_mask", "drawn_wrong")
GROUPINGS: Final = ("group", "age", "gender")
AROUND: Final = (WITHOUT_MASK, WITH_MASK)
"""Classes of the faces that loose boxes lie around."""
_PLACES: Final = ("centred", "down", "sideways")
_MAX_GAPS: Final = 4


def rate_dots(rates: object) -> Chart | None:
    """Errors that should be rare, with their intervals; None without a usable rate."""
    kind = t("slices.share")
    dots = [
        Dot.of(translated(one_line(one.get("name", "?"), 120)), kind, one) for one in objects(rates)
    ]
    return dot_plot(dots, t("slices.share"), from_zero=True)


def loose_dots(records: object, around: str) -> Chart | None:
    """Boxes that are no face, by size and place: shown at all, and shown as a mask.

    Args:
        records: of the loose boxes.
        around: class of the faces, see `AROUND`.
    """
    dots: list[Dot | None] = []
    for one in objects(records):
        factor, place = finite(one.get("factor")), one.get("place")
        if one.get("of") != around or factor is None:
            continue
        where = t(f"slices.{place}") if place in _PLACES else one_line(place, 30)
        name = t("slices.box", factor=number_text(factor, "g"), place=where)
        dots.append(Dot.of(name, t("slices.shown"), one.get("shown")))
        dots.append(Dot.of(name, t("slices.shown_mask"), one.get("shown_mask")))
    return dot_plot(dots, t("slices.loose_axis"), from_zero=True)


def around_known(records: object) -> list[str]:
    """Classes of faces that the record has loose boxes around."""
    known = [one.get("of") for one in objects(records)]
    return [name for name in AROUND if name in known]


def conditions(people: object) -> dict[str, dict[str, Any]]:
    """The record of each known condition by its name."""
    found = objects(people.get("conditions")) if isinstance(people, dict) else []
    return {name: one for name in CONDITIONS for one in found[:10] if one.get("condition") == name}


def people_dots(condition: dict[str, Any], by: str) -> Chart | None:
    """Wrong verdicts and withheld ones of each group; None without a usable group.

    Args:
        condition: of the record of people.
        by: one of `GROUPINGS`; all people together come first.
    """
    dots: list[Dot | None] = []
    for group in objects(condition.get("groups")):
        if group.get("by") not in ("all", by):
            continue
        everyone = group.get("by") == "all"
        name = t("people.all") if everyone else group_name(group.get("name"))
        dots.append(Dot.of(name, t("people.not_sure"), group.get("not_sure")))
        dots.append(Dot.of(name, t("people.wrong"), group.get("wrong")))
    return dot_plot(dots, t("people.axis"), from_zero=True)


def gap_texts(condition: dict[str, Any], by: str) -> Iterator[str]:
    """The largest gaps in words."""
    gaps = [gap for gap in objects(condition.get("gaps")) if gap.get("by") == by]
    for gap in gaps[:_MAX_GAPS]:
        value, ends = finite(gap.get("value")), interval(gap)
        of = gap.get("of")
        if value is None or ends is None or of not in ("wrong", "not_sure"):
            continue
        yield t(
            "people.gap",
            what=t(f"people.{of}"),
            points=number_text(100 * value, ".1f"),
            low=number_text(100 * ends[0], ".1f"),
            high=number_text(100 * ends[1], ".1f"),
            highest=group_name(gap.get("highest")),
            lowest=group_name(gap.get("lowest")),
        )


def group_name(name: object) -> str:
    """A group of the record in the visitor's language where it is known."""
    known = {"female": t("people.female"), "male": t("people.male"), "Other": t("people.other")}
    text = one_line(name if name is not None else "?", 60)
    return known.get(text) or translated(text)


def covered_text(counts: object) -> str | None:
    """What is said of faces that no verdict fits, in words; None without all counts."""
    names = ("n", "with_mask", "worn_wrong", "without_mask", "not_sure", "no_face")
    numbers = [count(counts.get(name)) for name in names] if isinstance(counts, dict) else []
    if len(numbers) != len(names) or not numbers[0]:
        return None
    texts = [number_text(number, ",.0f") for number in numbers if number is not None]
    if len(texts) != len(names):
        return None
    n, with_mask, worn_wrong, without_mask, not_sure, no_face = texts
    return t(
        "slices.covered",
        n=n,
        with_mask=with_mask,
        worn_wrong=worn_wrong,
        without_mask=without_mask,
        not_sure=not_sure,
        no_face=no_face,
    )
