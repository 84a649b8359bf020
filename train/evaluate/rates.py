"""Rates that should be small: what is called a mask and is none."""

from collections.abc import Sequence

from maskdet_core.records.evaluation import LooseBoxRecord, RateRecord, TestSetRecord
from maskdet_core.types import MASK_CLASSES, WITHOUT_MASK, WORN_WRONG
from train.evaluate.loose_boxes import loose_rates
from train.evaluate.metrics import WITH_MASK_AT
from train.intervals import share_of

CALLED_MASK = (
    ("worn-wrong-called-mask", "Masks worn wrong, shown as “mask”", WORN_WRONG, ("street", "wild")),
    (
        "at-mouth-called-mask",
        "Bare faces with something at the mouth, shown as “mask”",
        WITHOUT_MASK,
        ("hands", "objects"),
    ),
)
"""Slug and words of each rate, the class of its faces, and the tests that it joins."""


def rates(sets: Sequence[TestSetRecord], loose: Sequence[LooseBoxRecord]) -> list[RateRecord]:
    """All rates that the measured sets allow."""
    found: list[RateRecord] = []
    for slug, name, truth, tests in CALLED_MASK:
        rows = [
            one["verdicts"][MASK_CLASSES.index(truth)]
            for one in sets
            if one["slug"] in tests and "verdicts" in one
        ]
        n = sum(map(sum, rows))
        if n:
            hits = sum(row[WITH_MASK_AT] for row in rows)
            found.append({"slug": slug, "name": name, **share_of(hits, n)})
    return [*found, *loose_rates(loose)]
