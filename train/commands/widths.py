"""`python -m train widths`: the front of accuracy against cost."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.records.widths import WIDTHS_FILE, WidthRecord, WidthsRecord
from train import configs
from train.commands.export import export
from train.commands.options import (
    FINDER_FILE,
    add_caches,
    add_data,
    add_models,
    cache_files,
    hard_negative_finder,
    read_split,
)
from train.commands.prune import CROPS, prune_to, sample_faces, widths
from train.data.files.records import now_iso, processor, write_json
from train.data.files.result_cache import NO_CACHE, CacheFiles
from train.data.splits.split import Split
from train.errors import RunError
from train.network.config import PRUNED_FILE, FitConfig, NetworkConfig
from train.network.cost import parameters, products
from train.network.run_folder import RunFolder
from train.shipped import NETWORK

DESCRIPTION = (
    "Prune a trained network to several widths, train each on the same faces from the same seed, "
    "export them, and measure accuracy, size and time side by side. What has finished is not "
    "trained again. Writes widths.json for the metrics page."
)

DEFAULT_WIDTHS = (
    (16, 16, 32, 64, 64),
    (16, 32, 64, 128, 128),
    (16, 48, 96, 192, 192),
    (32, 64, 128, 128, 128),
    (32, 64, 128, 256, 256),
)
"""From a sixteenth of VGG19's products to a quarter."""

MIN_NETWORKS = 4
"""A front of fewer points shows no bend."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What all trainings have in common.

    Attributes:
        source: trained network to prune, see `train.network.sources.read_trained`.
        teacher: see `train.network.config.FitConfig.teacher`.
        config: named configuration, whose network gets the widths.
        epochs: of each training; None leaves the configuration's.
        epoch_samples: likewise.
        seed: of pruning and training.
    """

    source: Path
    teacher: Path | None = None
    config: str = "slim"
    epochs: int | None = None
    epoch_samples: int | None = None
    seed: int = 20

    def of(self, chosen: Sequence[int], weights: Path) -> FitConfig:
        """The configuration of one width."""
        base, _ = configs.load(self.config)
        return replace(
            base,
            weights=str(weights),
            network=replace(base.network, widths=tuple(chosen)),
            teacher=None if self.teacher is None else str(self.teacher),
            full_epochs=base.full_epochs if self.epochs is None else self.epochs,
            epoch_samples=self.epoch_samples or base.epoch_samples,
            seed=self.seed,
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported network to measure.

    Attributes:
        name: for the record.
        network: what it is.
        manifest: its file.
    """

    name: str
    network: NetworkConfig
    manifest: Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the runs")
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        required=True,
        metavar="RUN|FILE",
        help="trained network to prune: a run, its model.keras, or an exported .tflite, which is "
        "then measured too",
    )
    parser.add_argument(
        "--widths",
        type=widths,
        nargs="+",
        default=list(DEFAULT_WIDTHS),
        metavar="A,B,C,D,E",
        help="channels of the five blocks, four networks or more",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        nargs="+",
        metavar="RUN",
        help="finished runs to measure instead of training",
    )
    parser.add_argument(
        "--teacher", type=Path, metavar="FILE", help="network to learn from, see `fit --teacher`"
    )
    parser.add_argument("--hands", type=Path, metavar="DIR", help="pictures of hands")
    parser.add_argument("--finder", type=Path, default=FINDER_FILE, metavar="FILE")
    parser.add_argument("--config", default="slim", choices=configs.names())
    parser.add_argument("--epochs", type=int, metavar="N", help="of each training")
    parser.add_argument("--epoch-samples", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=20, metavar="N")
    add_caches(parser)
    add_models(parser)


def run(options: argparse.Namespace) -> None:
    """Train and measure, and print where the record is.

    Raises:
        RunError: fewer than four networks.
    """
    n = len(options.runs or set(options.widths))
    if n < MIN_NETWORKS:
        raise RunError(f"expected {MIN_NETWORKS} networks or more, got {n}")
    split = read_split(options.data)
    plan = Plan(
        options.source,
        options.teacher,
        options.config,
        options.epochs,
        options.epoch_samples,
        options.seed,
    )
    runs = options.runs or train_widths(
        options.widths,
        plan,
        split,
        hard_negative_finder(options.finder),
        options.out,
        options.hands,
        cache_files(options),
    )
    print(f"table: {compare(runs, options.source, split, options.out, options.models)}")


def train_widths(
    chosen: Sequence[Sequence[int]],
    plan: Plan,
    split: Split,
    finder: CascadeFaceFinder | None,
    out: Path,
    hands: Path | None,
    caches: CacheFiles = NO_CACHE,
) -> list[Path]:
    """Prune and train each width in a folder of its own.

    Runs that have finished are left as they are; interrupted ones are resumed.

    Args:
        chosen: widths of each network.
        plan: what all have in common.
        split: faces by side.
        finder: see `train.network.fit.fit`.
        out: folder of the runs' folders.
        hands: pictures of hands, where the configuration wants them.
        caches: see `train.network.fit.fit`; without a file for hard negatives, `out` gets one.

    Returns:
        The runs' folders, in order.
    """
    # TensorFlow takes seconds to load
    from train.network.fit import fit

    out.mkdir(parents=True, exist_ok=True)
    # finding these takes minutes, and all runs need the same
    negatives = caches.hard_negatives or out / "hard_negatives.json"
    caches = replace(caches, hard_negatives=negatives)
    folders = []
    for each in chosen:
        folder = RunFolder(out / "-".join(map(str, each)))
        folders.append(folder.path)
        if folder.final.exists():
            continue
        start = out / "pruned" / folder.path.name / PRUNED_FILE
        if not start.exists():
            faces = sample_faces(split.train, CROPS, plan.seed)
            prune_to(plan.source, each, faces, start.parent, plan.seed)
        fit(
            plan.of(each, start),
            split,
            finder,
            folder.path,
            hands,
            resume=folder.begun,
            caches=caches,
            teacher_cache=out / "teacher.json",
        )
    return folders


def compare(runs: Sequence[Path], source: Path, split: Split, out: Path, models: Path) -> Path:
    """Export finished runs, measure them side by side, and write the record.

    Args:
        runs: folders of finished runs.
        source: network that they were pruned from; measured too if it is an exported one.
        split: faces by side.
        out: folder that the exported networks go to, each in a folder of its own.
        models: folder that `widths.json` goes to.

    Returns:
        Path of `widths.json`.

    Raises:
        RunError: a run has not finished.
    """
    from train.evaluate.widths import measure, times_ms, width_tests
    from train.network.export import network_of
    from train.network.sources import read_trained

    found = []
    if source.suffix == ".tflite":
        found.append(Exported(source.stem, read_trained(source)[1], source.with_suffix(".json")))
    for folder in runs:
        manifest = out / "exported" / folder.name / f"{NETWORK}.json"
        if not manifest.exists():
            export(folder, split, manifest.parent, float_too=False)
        found.append(Exported(folder.name, network_of(folder), manifest))
    classifiers = {
        one.name: MaskClassifier.from_manifest(one.manifest, n_threads=1) for one in found
    }
    tests = width_tests(split)
    crops, _ = next(iter(tests.values()))
    ms = times_ms(classifiers, crops[0])
    networks: list[WidthRecord] = [
        {
            "name": one.name,
            "widths": list(one.network.widths),
            "products": products(one.network),
            "parameters": parameters(one.network),
            "int8_bytes": ModelManifest.load(one.manifest).size_bytes,
            "ms": round(ms[one.name], 2),
            "tests": measure(classifiers[one.name], tests),
        }
        for one in found
    ]
    config = RunFolder(runs[0]).read()["config"]
    record: WidthsRecord = {
        "format": 1,
        "created": now_iso(),
        "processor": processor(),
        "epochs": config["frozen_epochs"] + config["full_epochs"],
        "epoch_samples": config["epoch_samples"],
        "seed": config["seed"],
        "networks": networks,
    }
    path = models / WIDTHS_FILE
    models.mkdir(parents=True, exist_ok=True)
    write_json(path, record)
    print(_table(networks))
    return path


def _table(networks: Sequence[WidthRecord]) -> str:
    """Networks as aligned text."""
    lines = []
    for one in networks:
        shares: Mapping[str, str] = {
            name: f"{test['right'] / test['n']:.1%}" for name, test in one["tests"].items()
        }
        tests = ", ".join(f"{name} {share}" for name, share in shares.items())
        lines.append(
            f"{one['name']:<24}{one['products'] / 1e9:6.2f} billion products "
            f"{one['int8_bytes'] / 1e6:6.1f} MB {one['ms']:7.1f} ms  {tests}"
        )
    return "\n".join(lines)
