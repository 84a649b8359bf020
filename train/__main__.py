"""Dispatch of `python -m train COMMAND …`.

`fit | export | evaluate | ablate` make the classifier, `cascade | evaluate-detector` the face
finder, `samples` the photo page's pictures.
"""

import argparse
import sys

from maskdet_core.cpu import limit_opencv_threads
from train.commands import ablate, cascade, evaluate, evaluate_detector, export, fit, samples
from train.errors import TrainError

COMMANDS = (fit, export, evaluate, ablate, cascade, evaluate_detector, samples)


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when done, 1 with a plain line when it could not be, 2 on wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description="Train, export and evaluate the mask classifier and the face cascades.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
    options = parser.parse_args(argv)
    limit_opencv_threads()
    try:
        options.run(options)
    except (TrainError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; go on with --resume", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
