"""`python -m train cascade`: train the cascade that proposes face windows."""

import argparse
from pathlib import Path

from train.commands.options import add_data, read_cascade_data

DESCRIPTION = (
    "Train a Haar cascade that proposes masked and bare faces, stage by stage, its thresholds set "
    "on held-out faces. `finder` trains the network that verifies the proposals and publishes both."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument(
        "--windows",
        type=int,
        default=40_000,
        metavar="N",
        help="windows of faces, and as many without, a stage learns from (default: 40000)",
    )
    parser.add_argument(
        "--features",
        type=int,
        default=3_000,
        metavar="N",
        help="random features that a stage chooses from (default: 3000)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--resume", action="store_true", help="go on after the last whole stage")


def run(options: argparse.Namespace) -> None:
    """Train the cascade, and print where it is."""
    # LightGBM takes a second to load
    from train.cascade.fit_proposals import ProposalsConfig, default_goals, fit_proposals

    data = read_cascade_data(options.data)
    config = ProposalsConfig(
        positives=options.windows,
        negatives=options.windows,
        features=options.features,
        seed=options.seed,
        goals=default_goals(),
    )
    file = fit_proposals(
        config, data.faces, data.held_faces, data.scenes, options.out, resume=options.resume
    )
    print(f"cascade: {file}")
