"""`python -m train evaluate-finder`: measure a finder beside OpenCV's."""

import argparse
import os
from pathlib import Path

from maskdet_core.faces.loading import FINDER_ENV
from train.commands.options import add_data, add_models, read_finder_data
from train.data.annotations.photos import read_photos
from train.evaluate_finder.evaluation import evaluate_finder
from train.shipped import FINDER

DESCRIPTION = (
    "Recall, false positives and time on held-out photographs, for a trained finder and OpenCV's "
    "own in one run; written to the finder's manifest and the model card. Recorded figures of the "
    "finder before it, which is gone, stay in the manifest."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    add_models(parser)
    parser.add_argument(
        "--finder",
        type=Path,
        default=os.environ.get(FINDER_ENV),
        metavar="FILE",
        help=f"manifest of the finder to measure (default: that of {FINDER_ENV}, else "
        f"{FINDER}.json in --models)",
    )
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
    finder = options.finder or options.models / f"{FINDER}.json"
    data = read_finder_data(options.data)
    drawn = [] if options.photos is None else read_photos(options.photos)
    path = evaluate_finder(
        data,
        finder,
        options.models,
        options.dump_false,
        [photo for photo in drawn if photo.split != "train"],
    )
    print(f"evaluation: {path}")
