"""`python -m train samples`: make the photo page's sample pictures."""

import argparse
from pathlib import Path

DESCRIPTION = (
    "Write a public-domain portrait as it is, with a drawn mask and with a drawn "
    "hand before the mouth. Needs scikit-image (requirements-dev.txt), which carries it."
)


SAMPLES_FOLDER = Path("maskdet_app/photo/samples")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--out",
        type=Path,
        default=SAMPLES_FOLDER,
        metavar="DIR",
        help=f"where to (default: {SAMPLES_FOLDER})",
    )


def run(options: argparse.Namespace) -> None:
    """Write the pictures, and print their paths."""
    from train.samples.portrait import write_samples

    print("\n".join(str(path) for path in write_samples(options.out)))
