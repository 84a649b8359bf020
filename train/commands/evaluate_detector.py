"""`python -m train evaluate-detector`: measure the finder beside OpenCV's own."""

import argparse
from pathlib import Path

from train.commands.options import add_data, add_models, read_cascade_data
from train.evaluate_finder.detector import evaluate_detector
from train.finder.photos import read_photos

DESCRIPTION = (
    "Recall, false positives and time on held-out photographs, for the trained finder and the "
    "stock one in one run; written to the finder's manifest."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    add_models(parser)
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="DIR",
        help="also measure on the held-out photographs with hand-drawn boxes of DIR/photos.json",
    )
    parser.add_argument(
        "--dump-false",
        type=Path,
        metavar="DIR",
        help="also write crops of the false positives in the training photographs there",
    )


def run(options: argparse.Namespace) -> None:
    """Measure, and print where the figures are."""
    data = read_cascade_data(options.data)
    drawn = [] if options.photos is None else read_photos(options.photos)
    held = [photo for photo in drawn if photo.split != "train"]
    print(f"evaluation: {evaluate_detector(data, options.models, options.dump_false, held)}")
