"""`python -m train evaluate-detector`: measure the cascades beside OpenCV's own."""

import argparse
from pathlib import Path

from train.commands.options import add_data, add_models, read_cascade_data
from train.evaluate.detector import evaluate_detector

DESCRIPTION = (
    "Recall, false positives and time on held-out photographs, for the trained "
    "cascades and the stock ones in one run; written to the cascades' manifest."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    add_models(parser)
    parser.add_argument(
        "--dump-false",
        type=Path,
        metavar="DIR",
        help="also write crops of the false positives in the training photographs there",
    )


def run(options: argparse.Namespace) -> None:
    """Measure, and print where the figures are."""
    data = read_cascade_data(options.data)
    print(f"evaluation: {evaluate_detector(data, options.models, options.dump_false)}")
