"""`python -m train demo-film`: make the film that the live page shows before the camera starts."""

import argparse
from pathlib import Path

DESCRIPTION = (
    "Write a short film, to be played in a loop: a public-domain portrait turns its head, puts a "
    "drawn mask on, pulls it to the chin and takes it off. Needs scikit-image "
    "(requirements-dev.txt), which carries the portrait. Takes half a minute."
)

DEMO_FILM = Path("maskdet_app/live/demo/film.mp4")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--out",
        type=Path,
        default=DEMO_FILM,
        metavar="FILE",
        help=f"where to (default: {DEMO_FILM})",
    )


def run(options: argparse.Namespace) -> None:
    """Write the film, and print its path."""
    from train.samples.film import write_film

    print(write_film(options.out))
