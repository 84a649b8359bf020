"""Schema of `models/ablations.json`: a training with one part of the recipe changed each time."""

from typing import Final, TypedDict

ABLATIONS_FILE: Final = "ablations.json"
"""An `AblationsRecord`; beside the model card, not in a run's folder."""

FALSE_ALARMS: Final = "no face, dropped"
LOOSE_BOXES: Final = "loose box, dropped"
"""Tests of ablations on pictures without a face: only a network with that answer can pass them."""


class AblationTest(TypedDict):
    """One figure of one configuration: `n_good` of `n`, with its Wilson interval."""

    name: str
    n: int
    n_good: int
    value: float
    ci95: list[float]


class AblationRecord(TypedDict):
    """One configuration of the ablations."""

    name: str
    summary: str
    tests: list[AblationTest]


class AblationsRecord(TypedDict):
    """The ablations: the same short training for every configuration."""

    format: int
    created: str
    epochs: int
    epoch_samples: int
    start_weights: str
    seed: int
    configurations: list[AblationRecord]
