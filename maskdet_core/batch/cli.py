"""The command line: ``python -m maskdet_core check PATH…`` and ``… classify PATH…``."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from maskdet_core.batch.folder import COPIES, Results, check_folder, checked
from maskdet_core.batch.photo import PhotoCheckConfig, PhotoTask
from maskdet_core.batch.report import one_line, rounded, to_json, valid_text
from maskdet_core.cpu import n_cores
from maskdet_core.decode import read_image
from maskdet_core.errors import ImageError, MaskdetError
from maskdet_core.masks.classifier import Classifier
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.loading import load_classifier
from maskdet_core.masks.manifest import CropFraming
from maskdet_core.types import FaceBox, RgbImage, decide, validate_min_confidence

EXIT_OK: Final = 0
EXIT_SOME_UNREADABLE: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
"""What a shell gives a command that Ctrl+C ended."""
PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})
"""What a folder is searched for; a file that is named outright is always tried."""

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 when every picture could be read, 1 when some could not (a path that does not exist
        among them), 2 on wrong usage or when something keeps the work from its end (a model that
        cannot be loaded, a results folder of other settings, a full disk), 130 after Ctrl+C.
    """
    parser = build_parser()
    try:
        options = parser.parse_args(arguments)
        if options.command == "check":
            _refuse_contradictions(parser, options)
    except SystemExit as stop:
        return EXIT_USAGE if stop.code else EXIT_OK
    try:
        all_read = _check(options) if options.command == "check" else _classify(options)
    except (MaskdetError, OSError) as error:
        print(f"maskdet: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        goes_on = "; the same command goes on from here" if vars(options).get("out") else ""
        print(f"maskdet: stopped{goes_on}", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_OK if all_read else EXIT_SOME_UNREADABLE


def build_parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    parser = argparse.ArgumentParser(
        prog="python -m maskdet_core", description="Tell who wears a mask in pictures."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="find faces in whole photographs and judge each")
    check.add_argument(
        "--min-face", type=_positive, metavar="PX", help="least height of a face in px"
    )
    check.add_argument(
        "--finder",
        metavar="WHICH",
        help="manifest of a cascade, or `stock` for OpenCV's own (default: the shipped cascade)",
    )
    check.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="processes at most (default: one a core; a few photos are done in one)",
    )
    check.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="results folder; the same command again goes on where it was stopped",
    )
    check.add_argument(
        "--annotate", action="store_true", help="put copies with the verdicts drawn into DIR"
    )
    check.add_argument("--blur", action="store_true", help="blur all faces in the copies")
    check.add_argument("--fresh", action="store_true", help="forget what DIR holds, begin anew")
    for form in ("csv", "json"):
        check.add_argument(
            f"--{form}",
            type=Path,
            metavar="FILE",
            help=f"write the whole report as {form.upper()} (`-`: to standard output)",
        )
    classify = commands.add_parser("classify", help="judge pictures that already are one face crop")
    for command in (check, classify):
        command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file or folder")
        command.add_argument(
            "--format",
            choices=("json", "text"),
            help="of the lines on standard output (default: text)",
        )
        command.add_argument(
            "--min-confidence",
            type=_confidence,
            metavar="C",
            help="the surer class must reach this, 0.5 to below 1 (default: the model's)",
        )
        command.add_argument(
            "--model", type=Path, help="manifest (.json) or .keras file (default: the shipped one)"
        )
    return parser


def pictures(paths: Sequence[Path], out: Path | None = None) -> Iterator[Path]:
    """The files themselves, and of folders all pictures at any depth, sorted by path.

    Args:
        paths: files and folders.
        out: results folder, whose pictures are not photos to check.
    """
    for path in paths:
        if path.is_dir():
            results = None if out is None else _inside(path, out)
            yield from sorted(
                inner
                for inner in path.rglob("*")
                if inner.suffix.lower() in PICTURE_SUFFIXES
                and inner.is_file()
                and not (results is not None and inner.is_relative_to(results))
            )
        else:
            yield path


def _inside(folder: Path, out: Path) -> Path | None:
    """What to leave out of a searched folder; None where results lie elsewhere."""
    base, results = folder.resolve(), out.resolve()
    if results == base:
        # results among the photos: only what was made is left out
        return folder / COPIES
    return folder / results.relative_to(base) if results.is_relative_to(base) else None


def _refuse_contradictions(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    files = [path for path in (options.csv, options.json) if path is not None]
    for wrong, message in (
        (options.annotate and not options.out, "--annotate needs --out"),
        (options.fresh and not options.out, "--fresh needs --out"),
        (options.blur and not options.annotate, "--blur needs --annotate"),
        (
            options.format and (options.out or files),
            "--format is for standard output, which --out, --csv and --json replace",
        ),
        (len(set(files)) < len(files), "expected two files for --csv and --json, got one"),
        *((path.is_dir(), f"expected a file to write, got the folder {path}") for path in files),
    ):
        if wrong:
            parser.error(message)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {value}")
    return value


def _confidence(text: str) -> float:
    try:
        return validate_min_confidence(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _check(options: argparse.Namespace) -> bool:
    """Check photos; whether all could be read."""
    check = PhotoCheckConfig(
        options.model,
        options.min_confidence,
        options.min_face,
        options.finder,
        blur=options.blur,
    )
    n_jobs = options.jobs or n_cores()
    paths = list(pictures(options.paths, options.out))
    if options.out or options.csv or options.json:
        results = Results(options.out, options.csv, options.json, options.annotate, options.fresh)
        return not check_folder(paths, check, results, n_jobs).n_unread
    write = _writer(options)
    all_read = True
    tasks = [PhotoTask(path, number) for number, path in enumerate(paths, 1)]
    with closing(checked(tasks, check, check.load(), n_jobs)) as reports:
        for report in reports:
            row = to_json(report)
            all_read = all_read and row["error"] is None
            if row["n_unjudged"]:
                name = one_line(report.photo)
                print(
                    f"maskdet: {name}: {row['n_unjudged']} more faces not judged", file=sys.stderr
                )
            write(row)
    return all_read


def _classify(options: argparse.Namespace) -> bool:
    """Judge face crops; whether all could be read."""
    classifier = load_classifier(options.model)
    threshold = options.min_confidence or classifier.manifest.min_confidence
    write = _writer(options)
    all_read = True
    for path in pictures(options.paths):
        row: Row = {
            "path": valid_text(str(path)),
            "verdict": None,
            "p_with_mask": None,
            "error": None,
        }
        try:
            crop = whole_picture_crop(read_image(path), classifier)
        except ImageError as error:
            all_read = False
            write({**row, "error": str(error)})
            continue
        p_with_mask = float(classifier.predict(crop[None]).p_with_mask[0])
        verdict = decide(p_with_mask, threshold).value
        write({**row, "verdict": verdict, "p_with_mask": rounded(p_with_mask)})
    return all_read


def whole_picture_crop(image_rgb: RgbImage, classifier: Classifier) -> RgbImage:
    """A picture that is one face, made square by its long side and scaled for the classifier."""
    height, width = image_rgb.shape[:2]
    whole = FaceBox(0, 0, width, height)
    return square_crop(image_rgb, whole, CropFraming(), classifier.manifest.input_size_px)


def _writer(options: argparse.Namespace) -> Callable[[Row], None]:
    return _write_json if options.format == "json" else _write_text


def _write_json(row: Row) -> None:
    print(json.dumps(row, ensure_ascii=False, allow_nan=False), flush=True)


def _write_text(row: Row) -> None:
    path = one_line(row["path"])
    if row["error"] is not None:
        print(f"{path}: {row['error']}", flush=True)
        return
    judged = row.get("faces", [row])
    words = [f"{one['verdict']} (p_with_mask {one['p_with_mask']})" for one in judged]
    print(f"{path}: {', '.join(words) or 'no face found'}", flush=True)
