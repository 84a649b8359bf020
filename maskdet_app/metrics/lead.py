"""Three sentences that begin the metrics page: how often right, not sure, and found."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from maskdet_app.metrics.records.test_sets import BEST_ESTIMATE, group_name, slug_of
from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.json_values import count, objects, one_line
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core.intervals import wilson_interval

_STREET = "street"
"""Slug of the test that is nearest to a camera in the street."""
_PHOTO, _LIVE = "photo", "live"
"""Presets of the detector."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A counted share.

    Attributes:
        n_hits: what counts.
        n: all that was counted.
        of: name of the test.
    """

    n_hits: int
    n: int
    of: str

    @property
    def values(self) -> dict[str, str]:
        """The share and its 95 % interval in percent, for a text."""
        low, high = wilson_interval(self.n_hits, self.n)
        return {
            "share": number_text(100 * self.n_hits / self.n, ".1f"),
            "low": number_text(100 * low, ".1f"),
            "high": number_text(100 * high, ".1f"),
        }

    @property
    def of_100(self) -> str:
        """How many of a hundred, without claiming none or all where that is not so."""
        share = 100 * self.n_hits / self.n
        if 0 < self.n_hits < self.n and round(share) in (0, 100):
            return number_text(min(max(share, 0.1), 99.9), ".1f")
        return number_text(share, ".0f")


def show_lead(evaluation: dict[str, Any]) -> None:
    """Show the sentences that a record has figures for."""
    told = "".join(
        f"<li><strong>{escape(sentence)}</strong>"
        + "".join(f"<span>{escape(line)}</span>" for line in evidence)
        + "</li>"
        for sentence, evidence in sentences(evaluation)
    )
    if told:
        st.html(f'<ul class="md-claims">{told}</ul>')


def sentences(evaluation: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each sentence with the lines that prove it: interval, numbers, and a harder test."""
    sets = objects(evaluation.get("sets"))
    main = _by_slug(sets, BEST_ESTIMATE) or next(iter(sets), {})
    street = _by_slug(sets, _STREET) or {}
    for key, counted in (("right", right), ("not_sure", not_sure)):
        found, harder = counted(main), counted(street)
        if found is not None:
            yield (
                t(f"lead.{key}", n=found.of_100),
                _evidence(
                    found,
                    t("lead.faces"),
                    t("lead.street"),
                    harder if street is not main else None,
                ),
            )
    photos = people_found(evaluation, _PHOTO)
    if photos is not None:
        yield (
            t("lead.found", n=photos.of_100),
            _evidence(photos, t("lead.people"), t("lead.live"), people_found(evaluation, _LIVE)),
        )


def right(test_set: dict[str, Any]) -> Counted | None:
    """Faces with the right verdict: not withheld, not wrong, not taken for none."""
    numbers = _numbers(test_set, "n", "n_not_sure", "n_wrong_sure")
    if numbers is None:
        return None
    n, n_not_sure, n_wrong = numbers
    n_right = n - n_not_sure - n_wrong - int(count(test_set.get("n_no_face")) or 0)
    return Counted(n_right, n, _name(test_set)) if n and n_right >= 0 else None


def not_sure(test_set: dict[str, Any]) -> Counted | None:
    """Faces whose verdict is withheld."""
    numbers = _numbers(test_set, "n", "n_not_sure")
    if numbers is None or not numbers[0] or numbers[1] > numbers[0]:
        return None
    return Counted(numbers[1], numbers[0], _name(test_set))


def people_found(evaluation: dict[str, Any], preset: str) -> Counted | None:
    """People found in whole photographs, on the test with the most people."""
    found = [
        Counted(numbers[1], numbers[0], _name(record))
        for record in objects(evaluation.get("whole_photos"))
        if record.get("preset") == preset
        and (numbers := _numbers(record, "n_people", "n_found")) is not None
        and 0 <= numbers[1] <= numbers[0] > 0
    ]
    return max(found, key=lambda one: one.n, default=None)


def _evidence(found: Counted, what: str, beside: str, harder: Counted | None) -> list[str]:
    values = found.values
    lines = [
        t("lead.interval", share=values["share"], low=values["low"], high=values["high"]),
        t(
            "lead.counts",
            n=number_text(found.n_hits, ","),
            total=number_text(found.n, ","),
            what=what,
            of=found.of,
        ),
    ]
    if harder is not None:
        values = harder.values
        shares = t("lead.shares", share=values["share"], low=values["low"], high=values["high"])
        lines.append(f"{beside} {shares}")
    # a line must not end between a number and its sign
    return [line.replace(" %", "\u00a0%") for line in lines]


def _by_slug(sets: list[dict[str, Any]], slug: str) -> dict[str, Any] | None:
    return next((one for one in sets if slug_of(one) == slug), None)


def _name(record: dict[str, Any]) -> str:
    """Name of a test: in words where it is the one that is meant for everyone."""
    if slug_of(record) == BEST_ESTIMATE:
        return group_name("leak_free")
    name = record.get("name")
    return translated(one_line(name, 120)) if isinstance(name, str) and name else t("lead.unnamed")


def _numbers(record: dict[str, Any], *names: str) -> tuple[int, ...] | None:
    numbers = [count(record.get(name)) for name in names]
    found = tuple(int(number) for number in numbers if number is not None)
    return found if len(found) == len(names) else None
