"""What each part of the recipe is worth: the same short training with one thing changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from train import configs
from train.data import hard_negatives as no_faces
from train.data.datasets import CLASSES, OUTPUTS
from train.data.runs import RunFolder, now_iso, write_json
from train.data.split import Split
from train.evaluate import test_sets as face_tests
from train.evaluate.calibration import MAX_FACES_DROPPED
from train.evaluate.intervals import wilson_interval
from train.evaluate.metrics import float_logits
from train.evaluate.model_card import ABLATIONS_FILE, write_model_card
from train.evaluate.slices import coarse
from train.network.config import FitConfig
from train.network.export import load_trained
from train.network.fit import fit

COARSE_PX = 20
"""Faces are also tested at this size: that of the smallest third in street pictures."""

_DROPPED = "no face, dropped"

Measured = tuple[str, NDArray[np.uint8], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Budget:
    """What every configuration gets, in place of its own."""

    frozen_epochs: int = 1
    full_epochs: int = 2
    epoch_samples: int = 5_000
    seed: int = 20

    def of(self, config: FitConfig) -> FitConfig:
        """The configuration with this budget."""
        return replace(
            config,
            frozen_epochs=self.frozen_epochs,
            full_epochs=self.full_epochs,
            epoch_samples=self.epoch_samples,
            seed=self.seed,
        )


def comparable() -> list[str]:
    """Configurations that learn from the same sets and differ in the recipe alone."""
    return [name for name in configs.names() if not configs.load(name)[0].hold_out]


def ablate(
    names: Sequence[str],
    budget: Budget,
    weights: str,
    split: Split,
    finder: CascadeFaceFinder,
    out: Path,
    hands: Path,
    models: Path,
) -> Path:
    """Train each configuration in a folder of its own and write one table of them.

    Runs that have finished are measured only, interrupted ones go on.

    Args:
        names: of configurations.
        budget: of each.
        weights: start weights, see `train.network.vgg19.build_model`.
        split: faces by side.
        finder: see `train.network.fit.fit`.
        out: folder of the runs' folders.
        hands: pictures of hands.
        models: folder that `ablations.json` and the model card go to.
    """
    false_alarms = _false_alarms(out / "false_alarms.json", split, finder, budget.seed)
    tests = _tests(split, hands)
    rows: list[dict[str, Any]] = []
    path = models / ABLATIONS_FILE
    for name in names:
        config, summary = configs.load(name)
        config = replace(budget.of(config), weights=weights)
        run = RunFolder(out / name)
        if not run.final.exists():
            fit(config, split, finder, run.path, hands, resume=run.path.exists())
        model = load_trained(run.path)
        measured = [*_measure(model, tests), _dropped(model, split, false_alarms)]
        rows.append({"name": name, "summary": summary, "tests": measured})
        print(f"{name}: " + ", ".join(f"{t['name']} {t['value']:.1%}" for t in measured))
        keras.backend.clear_session()
        write_json(
            path,
            {
                "format": 1,
                "created": now_iso(),
                "epochs": budget.frozen_epochs + budget.full_epochs,
                "epoch_samples": budget.epoch_samples,
                "start_weights": replace(config, weights=weights).record()["weights"],
                "seed": budget.seed,
                "configurations": rows,
            },
        )
    write_model_card(models)
    return path


def _tests(split: Split, hands: Path) -> list[Measured]:
    """Name, crops uint8 RGB (N, 128, 128, 3) and truth (N,) of each."""
    plain = face_tests.leak_free(split)
    covered = face_tests.hands(split, hands).crops
    masked = np.array([CLASSES[s.label] == "with_mask" for s in plain.faces])
    tests = [
        ("new people", plain.crops, masked),
        (f"the same, {COARSE_PX} px wide", coarse(plain.crops, COARSE_PX), masked),
        ("hand over a bare mouth", covered[~masked], masked[~masked]),
        ("mask with a hand near", covered[masked], masked[masked]),
    ]
    return [test for test in tests if len(test[2])]


def _measure(model: keras.Model, tests: Sequence[Measured]) -> list[dict[str, Any]]:
    rows = []
    for name, crops, masked in tests:
        logits = float_logits(model, crops)
        n_good = int(((logits[:, 0] > logits[:, 1]) == masked).sum())
        rows.append(_row(name, n_good, len(masked)))
    return rows


def _dropped(model: keras.Model, split: Split, false_alarms: NDArray[np.uint8]) -> dict[str, Any]:
    """False alarms that the network says are no face, at the price that export allows."""
    if model.output_shape[-1] < len(OUTPUTS):
        return _row(_DROPPED, 0, len(false_alarms))
    faces, alarms = (
        _face_margin(float_logits(model, crops))
        for crops in (face_tests.crops_of(split.validation), false_alarms)
    )
    least = np.quantile(faces, MAX_FACES_DROPPED)
    return _row(_DROPPED, int((alarms < least).sum()), len(alarms))


def _face_margin(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.logaddexp(logits[:, 0], logits[:, 1]) - logits[:, 2]


def _false_alarms(
    path: Path, split: Split, finder: CascadeFaceFinder, seed: int
) -> NDArray[np.uint8]:
    """Crops (N, 128, 128, 3) of what the finder takes for a face in held-back photographs."""
    held = split.leak_free_test
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        no_faces.save(path, no_faces.find_no_faces(held, finder, seed))
    return face_tests.crops_of(no_faces.load(path, held))


def _row(name: str, n_good: int, n: int) -> dict[str, Any]:
    value = n_good / n if n else 0.0
    return {
        "name": name,
        "n": n,
        "n_good": n_good,
        "value": value,
        "ci95": wilson_interval(n_good, n),
    }
