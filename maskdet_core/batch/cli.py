"""The command line ``maskdet``, also ``python -m maskdet_core``.

Its commands are a registry, so that the app adds its own without the library knowing it.
"""

import argparse
from collections.abc import Sequence
from typing import Final

from maskdet_core.batch.check import CHECK
from maskdet_core.batch.classify import CLASSIFY
from maskdet_core.batch.command import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    Command,
    print_message,
)
from maskdet_core.errors import MaskdetError
from maskdet_core.version import __version__

COMMANDS: Final[tuple[Command, ...]] = (CHECK, CLASSIFY)
"""The library's own commands."""


def main(arguments: Sequence[str] | None = None, *, commands: Sequence[Command] = COMMANDS) -> int:
    """Run a command.

    Args:
        arguments: without the program's name; None for this process's own.
        commands: those to choose from.

    Returns:
        0 if every picture could be read, 1 if some could not (missing files included), 2 on wrong
        usage or if the work cannot be finished (a model that cannot be loaded, a results folder
        made with other settings, a full disk), 130 after Ctrl+C.
    """
    parser = build_parser(commands)
    try:
        options = parser.parse_args(arguments)
        command: Command = options.command
        command.validate(parser, options)
    except SystemExit as stop:
        return EXIT_USAGE if stop.code else EXIT_OK
    try:
        return command.run(options)
    except (MaskdetError, OSError) as error:
        print_message(error)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print_message("stopped")
        return EXIT_INTERRUPTED


def build_parser(commands: Sequence[Command] = COMMANDS) -> argparse.ArgumentParser:
    """Build the parser; parsed options hold the chosen `Command` as ``command``."""
    parser = argparse.ArgumentParser(
        prog="maskdet", description="Find faces in pictures and tell whether each wears a mask."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands:
        subparser = subparsers.add_parser(command.name, help=command.help)
        command.add_arguments(subparser)
        subparser.set_defaults(command=command)
    return parser
