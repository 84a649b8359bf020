"""`python -m train ablate`: the same short training, one part of the recipe changed each time."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.records.ablations import ABLATIONS_FILE, AblationRecord, AblationsRecord
from train import configs
from train.commands.options import (
    FINDER_FILE,
    add_caches,
    add_data,
    add_models,
    cache_files,
    hard_negative_finder,
    read_split,
)
from train.data.files.records import now_iso, write_json
from train.data.files.result_cache import NO_CACHE, CacheFiles
from train.data.splits.split import Split
from train.errors import RunError
from train.model_card.card import write_model_card
from train.network import start_weights
from train.network.config import FitConfig
from train.network.run_folder import RunFolder

DESCRIPTION = (
    "Train every named configuration for the same few epochs from the same seed, "
    "measure all on the same faces and write the table for metrics page and model card. "
    "What has finished is not trained again."
)


SHIPPED_CONFIG: Final = "slim"
"""Of the network that ships, which the others differ from in one part."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Length and seed of every training, in place of the configuration's own."""

    frozen_epochs: int = 0
    full_epochs: int = 6
    epoch_samples: int = 4_800
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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the runs")
    parser.add_argument("--hands", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--weights", required=True, metavar="FILE", help="start weights that `prune` wrote"
    )
    parser.add_argument("--finder", type=Path, default=FINDER_FILE, metavar="FILE")
    add_caches(parser)
    add_models(parser)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these configurations only")
    budget = Budget()
    parser.add_argument("--frozen-epochs", type=int, default=budget.frozen_epochs, metavar="N")
    parser.add_argument("--full-epochs", type=int, default=budget.full_epochs, metavar="N")
    parser.add_argument("--epoch-samples", type=int, default=budget.epoch_samples, metavar="N")
    parser.add_argument("--seed", type=int, default=budget.seed, metavar="N")


def run(options: argparse.Namespace) -> None:
    """Train and measure, and print where the table is.

    Raises:
        RunError: the finder is not a trained one.
    """
    start_weights.require(options.weights)
    split = read_split(options.data)
    finder = hard_negative_finder(options.finder)
    if finder is None:
        raise RunError(f"expected a trained finder at {options.finder}")
    written = ablate(
        options.only or comparable(),
        Budget(options.frozen_epochs, options.full_epochs, options.epoch_samples, options.seed),
        options.weights,
        split,
        finder,
        options.out,
        options.hands,
        options.models,
        cache_files(options),
    )
    print(f"table: {written}")


def comparable() -> list[str]:
    """The recipe that ships, and those with its sets and start weights that differ in a part."""
    loaded = {name: configs.load(name)[0] for name in configs.names()}
    shipped = loaded[SHIPPED_CONFIG]
    found = [
        name
        for name, config in loaded.items()
        if not config.hold_out and config.network.widths == shipped.network.widths
    ]
    return sorted(found, key=lambda name: name != SHIPPED_CONFIG)


def ablate(
    names: Sequence[str],
    budget: Budget,
    weights: str,
    split: Split,
    finder: CascadeFaceFinder,
    out: Path,
    hands: Path,
    models: Path,
    caches: CacheFiles = NO_CACHE,
) -> Path:
    """Train each configuration in a folder of its own and write one table of them.

    Runs that have finished are only measured; interrupted ones are resumed.

    Args:
        names: of configurations.
        budget: of each.
        weights: start weights, see `train.network.vgg19.build_model`.
        split: faces by side.
        finder: see `train.network.fit.fit`.
        out: folder of the runs' folders.
        hands: pictures of hands.
        models: folder that `ablations.json` and the model card go to.
        caches: see `train.network.fit.fit`.

    Returns:
        Path of `ablations.json`.
    """
    # TensorFlow takes seconds to load
    from train.evaluate import ablations
    from train.network import fit as training
    from train.network.export import load_trained

    path = models / ABLATIONS_FILE
    # all of them first: a mistyped name must not show after hours of training
    loaded = {name: configs.load(name) for name in names}
    without_face = ablations.pictures_without_face(
        out / "false_alarms.json", split, finder, budget.seed
    )
    tests = ablations.tests(split, hands)
    rows: list[AblationRecord] = []
    for name, (config, summary) in loaded.items():
        config = replace(budget.of(config), weights=weights)
        folder = RunFolder(out / name)
        if not folder.final.exists():
            training.fit(
                config, split, finder, folder.path, hands, resume=folder.begun, caches=caches
            )
        with ablations.released(load_trained(folder.path)) as model:
            measured = [
                *ablations.measure(model, config.network.outputs, tests),
                *ablations.measure_dropped(model, config.network.outputs, split, without_face),
            ]
        print(f"{name}: " + ", ".join(f"{t['name']} {t['value']:.1%}" for t in measured))
        rows.append({"name": name, "summary": summary, "tests": measured})
        # after each, so that an interruption costs one configuration at most
        write_json(path, _table(rows, budget, config))
    write_model_card(models)
    return path


def _table(rows: list[AblationRecord], budget: Budget, config: FitConfig) -> AblationsRecord:
    return {
        "format": 1,
        "created": now_iso(),
        "epochs": budget.frozen_epochs + budget.full_epochs,
        "epoch_samples": budget.epoch_samples,
        "start_weights": str(config.record()["weights"]),
        "seed": budget.seed,
        "configurations": rows,
    }
