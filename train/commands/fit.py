"""`python -m train fit`: train VGG19."""

import argparse
from dataclasses import fields, replace
from pathlib import Path

from train import configs
from train.commands.options import (
    FINDER_FILE,
    add_caches,
    add_data,
    cache_files,
    hard_negative_finder,
    read_split,
)
from train.commands.prune import widths
from train.data.splits.split import require_trainable
from train.network import start_weights
from train.network.config import FitConfig

DESCRIPTION = (
    "Train VGG19 at 128×128: upper blocks first, then deeper. Every epoch "
    "leaves a checkpoint and a metrics record in --out; the metrics page follows along."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument(
        "--weights",
        default="imagenet",
        metavar="imagenet|none|FILE",
        help="start weights: a .npz of VGG19's layers, as `prune` writes it, or the model.keras of "
        "an earlier run (default: imagenet, which needs a network)",
    )
    parser.add_argument(
        "--hands",
        type=Path,
        metavar="DIR",
        help="pictures of hands on a plain ground, to lay over faces",
    )
    parser.add_argument(
        "--finder",
        type=Path,
        default=FINDER_FILE,
        metavar="FILE",
        help="face finder whose false positives teach the network what shows no face "
        "(default: models/maskdet-haar.json)",
    )
    add_caches(parser)
    parser.add_argument(
        "--config",
        default=configs.DEFAULT,
        choices=configs.names(),
        help=f"named configuration (default: {configs.DEFAULT}); the options below change it",
    )
    parser.add_argument(
        "--widths",
        type=widths,
        metavar="A,B,C,D,E",
        help="channels of the five blocks, those of the pruned start weights",
    )
    parser.add_argument(
        "--teacher",
        metavar="FILE",
        help="network to learn odds from: a manifest, a .tflite beside one, or a run's model.keras",
    )
    parser.add_argument("--teacher-weight", type=float, metavar="SHARE", help="0 to 1")
    parser.add_argument("--no-hands", action="store_true", help="do without pictures of hands")
    parser.add_argument("--frozen-epochs", type=int, metavar="N", help="of the first phase")
    parser.add_argument("--full-epochs", type=int, metavar="N", help="of the second phase")
    parser.add_argument("--epoch-samples", type=int, metavar="N", help="augmented faces an epoch")
    parser.add_argument("--batch-size", type=int, metavar="N")
    parser.add_argument("--learning-rate", type=float, metavar="RATE")
    parser.add_argument("--full-learning-rate", type=float, metavar="RATE")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument(
        "--precision", choices=["auto", "float32", "mixed_bfloat16", "mixed_float16"]
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on after the last whole epoch of an interrupted run",
    )


def run(options: argparse.Namespace) -> None:
    """Train, and print where the network is."""
    start_weights.require(options.weights)
    if options.teacher is not None:
        start_weights.require_teacher(Path(options.teacher))
    config = fit_config(options)
    finder = hard_negative_finder(options.finder)
    split = read_split(options.data, config.hold_out)
    require_trainable(split)
    # TensorFlow takes seconds to load, and writes lines of its own to stderr
    from train.network.fit import fit

    trained = fit(
        config,
        split,
        finder,
        options.out,
        options.hands,
        resume=options.resume,
        caches=cache_files(options),
    )
    print(f"trained network: {trained}")


def fit_config(options: argparse.Namespace) -> FitConfig:
    """The named configuration with the options that were given."""
    config, _ = configs.load(options.config)
    given = {
        field.name: value
        for field in fields(config)
        if (value := getattr(options, field.name, None)) is not None and field.name != "hands"
    }
    network = config.network
    if options.widths is not None:
        network = replace(network, widths=options.widths)
    hands = config.hands and not options.no_hands
    return replace(config, **given, network=network, hands=hands)
