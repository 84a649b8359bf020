"""Schema of `models/widths.json`: networks of different widths, accuracy beside cost."""

from typing import Any, Final, TypedDict

WIDTHS_FILE: Final = "widths.json"
"""A `WidthsRecord`; beside the model card."""


class WidthTest(TypedDict):
    """Faces with the right class as their most probable: `right` of `n`, Wilson interval."""

    n: int
    right: int
    low: float
    high: float


class WidthRecord(TypedDict):
    """One network.

    `widths` are the channels of its blocks, `products` multiply-adds for one crop, `ms` the median
    time of one crop on one thread, measured in turn with the others in one process. `tests` are by
    name.
    """

    name: str
    widths: list[int]
    products: int
    parameters: int
    int8_bytes: int
    ms: float
    tests: dict[str, WidthTest]


class WidthsRecord(TypedDict):
    """All networks, trained on the same faces from the same seed for as many epochs.

    `processor` names what `ms` was measured on; a network that was only given, such as the one
    pruned from, has a training of its own.
    """

    format: int
    created: str
    processor: str
    epochs: int
    epoch_samples: int
    seed: int
    networks: list[WidthRecord]


def width_records(record: Any) -> list[dict[str, Any]]:
    """The networks of `WIDTHS_FILE`: under `networks`, or the list alone; none of anything else.

    Each has `widths`, `products`, `parameters`, `int8_bytes`, `ms`, and `tests`: by name `n`,
    `right` (a count), `low` and `high` (its interval, 0 to 1).
    """
    found = record.get("networks") if isinstance(record, dict) else record
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
