"""The command line ``maskdet``, also ``python -m maskdet_core``.

Its commands are a registry, so that the app adds its own without the library knowing it.
"""

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from maskdet_core.command_line.check import CHECK
from maskdet_core.command_line.classify import CLASSIFY
from maskdet_core.command_line.command import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    Command,
    print_message,
)
from maskdet_core.command_line.watch import WATCH
from maskdet_core.errors import MaskdetError
from maskdet_core.version import __version__

COMMANDS: Final[tuple[Command, ...]] = (CHECK, CLASSIFY, WATCH)
"""The library's own commands."""


def main(arguments: Sequence[str] | None = None, *, commands: Sequence[Command] = COMMANDS) -> int:
    """Run a command.

    Args:
        arguments: without the program's name; None for this process's own.
        commands: those to choose from.

    Returns:
        0 if every picture could be used, or if the reader of standard output went away; 1 if some
        could not (missing files and unreadable folders included, and for ``classify`` pictures that
        are no face crop); 2 on wrong usage or if the work cannot be finished (a model that cannot
        be loaded, a results folder made with other settings, a full disk); 130 after Ctrl+C.
    """
    _escape_what_the_terminal_cannot_show()
    try:
        exit_status = _run(arguments, commands)
        sys.stdout.flush()
    except OSError as error:
        if not _is_closed_pipe(error):
            print_message(error)
            return EXIT_USAGE
        _discard_output()
        return EXIT_OK
    return exit_status


def _run(arguments: Sequence[str] | None, commands: Sequence[Command]) -> int:
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
        if isinstance(error, OSError) and _is_closed_pipe(error):
            raise
        print_message(error)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print_message("stopped")
        return EXIT_INTERRUPTED


def _escape_what_the_terminal_cannot_show() -> None:
    """Print names in any script on a terminal of any encoding, such as cp1252."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _is_closed_pipe(error: OSError) -> bool:
    """Whether the reader of the output went away, as ``head`` does after its last line."""
    if sys.platform == "win32":
        return isinstance(error, BrokenPipeError) or (
            error.errno == errno.EINVAL and error.filename is None
        )
    return isinstance(error, BrokenPipeError)


def _discard_output() -> None:
    """Let nothing fail that the interpreter still writes at its end."""
    with suppress(OSError, ValueError):
        output = sys.stdout.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, output)
        os.close(null)


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
