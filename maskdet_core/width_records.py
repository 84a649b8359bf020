"""Schema of `models/widths.json`: networks of different widths, accuracy beside cost."""

from typing import TypedDict


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
