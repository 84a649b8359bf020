"""`python -m train evaluate`: measure the exported network."""

import argparse
from pathlib import Path

from train.commands.options import add_data, add_models, read_split
from train.evaluate.classifier import Extras, evaluate

DESCRIPTION = (
    "Measure the exported network on published and leak-free tests, loose boxes, people and "
    "whole photographs; writes evaluation.json for the metrics page. A run folder without its "
    "trained network will do: what needs it is carried over from the earlier evaluation."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    parser.add_argument(
        "run_folder", type=Path, metavar="run", help="folder of the run that was exported"
    )
    parser.add_argument(
        "--hands", type=Path, metavar="DIR", help="pictures of hands, for the test with hands"
    )
    parser.add_argument(
        "--held-out-run",
        type=Path,
        metavar="RUN",
        help="a run that held picture sets out, to measure on these",
    )
    parser.add_argument(
        "--people",
        type=Path,
        metavar="DIR",
        help="bare faces with group, age and gender in DIR/faces.json: how evenly it works",
    )
    parser.add_argument(
        "--mistakes",
        type=Path,
        metavar="FILE",
        help="also write the names of the worst mistakes there; it is not for publishing",
    )
    add_models(parser)


def run(options: argparse.Namespace) -> None:
    """Measure, and print where the record is."""
    written = evaluate(
        options.run_folder,
        read_split(options.data),
        options.data,
        options.models,
        Extras(
            hands=options.hands,
            people=options.people,
            held_out_run=options.held_out_run,
            mistakes=options.mistakes,
        ),
    )
    print(f"evaluation: {written}")
