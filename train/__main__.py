"""Dispatch of `python -m train COMMAND …`.

`fit | prune | export | rules | evaluate | ablate | widths` make the classifier, `proposals |
finder | evaluate-finder` the face finder, `samples` the photo page's pictures, `demo-film` the
live page's film.
"""

import argparse
import sys
from types import ModuleType
from typing import Final

from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.errors import MaskdetError
from train.commands import (
    ablate,
    demo_film,
    evaluate,
    evaluate_finder,
    export,
    finder,
    fit,
    proposals,
    prune,
    rules,
    samples,
    widths,
)
from train.errors import TrainError

COMMANDS: Final[dict[str, tuple[ModuleType, str]]] = {
    "fit": (fit, "train VGG19"),
    "prune": (prune, "make a slim network out of a trained one"),
    "export": (export, "write the int8 network and its manifest"),
    "rules": (rules, "choose thresholds and rules of an exported network again"),
    "evaluate": (evaluate, "measure the exported network"),
    "ablate": (ablate, "train the named configurations side by side"),
    "widths": (widths, "train several widths and compare accuracy with cost"),
    "proposals": (proposals, "train the Haar cascade that proposes faces"),
    "finder": (finder, "train the network that verifies the proposals"),
    "evaluate-finder": (evaluate_finder, "measure the face finder beside OpenCV's own"),
    "samples": (samples, "make the photo page's sample pictures"),
    "demo-film": (demo_film, "make the live page's demo film"),
}
"""Module and summary by command. A module has a `DESCRIPTION`, `add_options` and `run`."""


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `options.run` is the chosen command's function."""
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Train, export and evaluate the mask classifier and the face finder.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=module.DESCRIPTION)
        module.add_options(command)
        command.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when done, 1 with a plain line when it could not be, 2 on wrong usage."""
    options = make_parser().parse_args(argv)
    limit_opencv_threads()
    try:
        options.run(options)
    except (TrainError, MaskdetError, OSError) as error:
        # Keras' messages go over several lines
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; go on with --resume", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
