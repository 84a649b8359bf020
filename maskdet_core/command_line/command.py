"""What a command of the command line is, with the options and output that several share."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from maskdet_core.batch.storage.addresses import Location, location
from maskdet_core.command_line.inputs import FoundPictures
from maskdet_core.errors import AddressError
from maskdet_core.types import validate_min_confidence
from maskdet_core.untrusted_text import one_line

EXIT_OK: Final = 0
EXIT_SOME_UNREADABLE: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
"""What a shell gives a command that Ctrl+C ended."""

Row = dict[str, Any]


def _accept_all(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Command:
    """A command such as ``check``.

    Attributes:
        name: what is typed after ``maskdet``.
        help: one line for ``maskdet --help``.
        add_arguments: adds the command's options to its parser.
        run: does the work with parsed options and returns the exit status.
        validate: calls ``parser.error`` for options that contradict each other.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    validate: Callable[[argparse.ArgumentParser, argparse.Namespace], None] = _accept_all


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add pictures, output format, decision rule and model, which `check` and `classify` share."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=place,
        metavar="PATH",
        help="file, folder or pattern; or an address such as s3://bucket/photos",
    )
    parser.add_argument(
        "--format",
        choices=("json", "text"),
        help="of the lines on standard output (default: text)",
    )
    add_decision_arguments(parser)


def add_decision_arguments(parser: argparse.ArgumentParser) -> None:
    """Add decision rule and model."""
    parser.add_argument(
        "--min-confidence",
        type=_confidence,
        metavar="C",
        help="least confidence for a verdict, 0.5 to below 1 (default: the model's)",
    )
    parser.add_argument(
        "--two-classes", action="store_true", help="count a mask worn wrong as no mask"
    )
    parser.add_argument(
        "--model",
        type=Path,
        help="manifest (.json), .keras file, or whole: VGG19's own widths and two classes",
    )


def positive(text: str) -> int:
    """Parse an integer option of 1 or more.

    Raises:
        ValueError: not an integer.
        argparse.ArgumentTypeError: below 1.
    """
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {value}")
    return value


def place(text: str) -> Location:
    """Parse an option that is a path or an address.

    Raises:
        argparse.ArgumentTypeError: an address that holds a password.
    """
    try:
        return location(text)
    except AddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def print_message(message: object) -> None:
    """Print a message to standard error, after the command's name."""
    print(f"maskdet: {message}", file=sys.stderr)


def print_search(found: FoundPictures, *, left_out: bool = True) -> None:
    """Print which folders hold no picture or cannot be read, and how many files were left out."""
    for folder in found.unreadable:
        print_message(f"{one_line(str(folder))}: the folder cannot be read")
    for folder in found.empty:
        print_message(f"{one_line(str(folder))}: no pictures in this folder")
    if left_out and found.left_out_text:
        print_message(found.left_out_text)


def row_writer(output_format: str | None) -> Callable[[Row], None]:
    """The function that prints a picture's row to standard output, as ``--format`` asks."""
    return write_json if output_format == "json" else _write_text


def write_json(row: Row) -> None:
    """Print an object to standard output, as one line."""
    # the terminal's own escapes for what it cannot show are no JSON
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(row, ensure_ascii=not is_utf8, allow_nan=False), flush=True)


def _confidence(text: str) -> float:
    try:
        return validate_min_confidence(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _write_text(row: Row) -> None:
    path = one_line(row["path"])
    if row["error"] is not None:
        print(f"{path}: {one_line(row['error'])}", flush=True)
        return
    if row.get("kind") == "video":
        print(f"{path}: {_video_text(row)}", flush=True)
        return
    predicted = row.get("faces", [row])
    print(f"{path}: {', '.join(map(_face_text, predicted)) or 'no face found'}", flush=True)


def _video_text(row: Row) -> str:
    people = [
        f"person {person['person']} "
        + ", ".join(
            f"{one['verdict']} {one['start_s']:.1f}–{one['end_s']:.1f} s"
            for one in person["intervals"]
        )
        for person in row["people"]
    ]
    return "; ".join([*people, *row["notes"]] if people else ["no face found", *row["notes"]])


def _face_text(face: Row) -> str:
    # a network without the class `worn_wrong` gives it 0
    p_worn_wrong = face.get("p_worn_wrong")
    worn_wrong = f", p_worn_wrong {p_worn_wrong}" if p_worn_wrong else ""
    return f"{face['verdict']} (p_with_mask {face['p_with_mask']}{worn_wrong})"
