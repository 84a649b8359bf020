"""The command line: ``python -m maskdet_core check PATH…`` and ``… classify PATH…``."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from maskdet_core.classifier import Classifier, load_classifier
from maskdet_core.crops import square_crop
from maskdet_core.decode import MAX_BYTES, decode_image
from maskdet_core.detector import load_detector
from maskdet_core.errors import CascadeError, ImageError, ModelError
from maskdet_core.manifest import CropFraming
from maskdet_core.types import FaceBox, RgbImage, check_min_confidence, decide

EXIT_OK: Final = 0
EXIT_SOME_UNREADABLE: Final = 1
EXIT_USAGE: Final = 2
PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})
"""What a folder is searched for; a file that is named outright is always tried."""

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 when every picture could be read, 1 when some could not (a path that does not exist
        among them), 2 on wrong usage or when the model cannot be loaded.
    """
    parser = build_parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return EXIT_USAGE if stop.code else EXIT_OK
    try:
        judge = _checker(options) if options.command == "check" else _classifier(options)
    except (ModelError, CascadeError) as error:
        print(f"maskdet: {error}", file=sys.stderr)
        return EXIT_USAGE
    write = _write_json if options.format == "json" else _write_text
    all_read = True
    for path in pictures(options.paths):
        row = judge(path)
        all_read = all_read and row["error"] is None
        write(row)
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
    classify = commands.add_parser("classify", help="judge pictures that already are one face crop")
    for command in (check, classify):
        command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file or folder")
        command.add_argument("--format", choices=("json", "text"), default="text")
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


def pictures(paths: Sequence[Path]) -> Iterator[Path]:
    """The files themselves, and of folders all pictures at any depth, sorted by path."""
    for path in paths:
        if path.is_dir():
            yield from sorted(
                inner
                for inner in path.rglob("*")
                if inner.suffix.lower() in PICTURE_SUFFIXES and inner.is_file()
            )
        else:
            yield path


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {value}")
    return value


def _confidence(text: str) -> float:
    try:
        return check_min_confidence(float(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _checker(options: argparse.Namespace) -> Callable[[Path], Row]:
    detector = load_detector(
        options.model,
        min_confidence=options.min_confidence,
        min_face_px=options.min_face,
        finder=options.finder,
    )

    def check(path: Path) -> Row:
        row: Row = {"path": str(path), "width": None, "height": None, "faces": [], "error": None}
        try:
            image = _read(path)
        except ImageError as error:
            return {**row, "error": str(error)}
        found = detector.detect(image)
        row |= {"width": found.width_px, "height": found.height_px}
        row["faces"] = [
            {
                "box_xywh": list(face.box.xywh),
                "verdict": face.verdict.value,
                "p_with_mask": _number(face.p_with_mask),
            }
            for face in found
        ]
        if found.unjudged:
            print(f"maskdet: {path}: {len(found.unjudged)} more faces not judged", file=sys.stderr)
        return row

    return check


def _classifier(options: argparse.Namespace) -> Callable[[Path], Row]:
    classifier = load_classifier(options.model)
    threshold = options.min_confidence or classifier.manifest.min_confidence

    def classify(path: Path) -> Row:
        row: Row = {"path": str(path), "verdict": None, "p_with_mask": None, "error": None}
        try:
            crop = whole_picture_crop(_read(path), classifier)
        except ImageError as error:
            return {**row, "error": str(error)}
        p_with_mask = float(classifier.predict(crop[None]).p_with_mask[0])
        return row | {
            "verdict": decide(p_with_mask, threshold).value,
            "p_with_mask": _number(p_with_mask),
        }

    return classify


def whole_picture_crop(image_rgb: RgbImage, classifier: Classifier) -> RgbImage:
    """A picture that is one face, made square by its long side and scaled for the classifier."""
    height, width = image_rgb.shape[:2]
    whole = FaceBox(0, 0, width, height)
    return square_crop(image_rgb, whole, CropFraming(), classifier.manifest.input_size_px)


def _read(path: Path) -> RgbImage:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImageError(
                f"expected at most {MAX_BYTES / 2**20:.0f} MB, got {size / 2**20:.1f} MB"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot read the file: {error.strerror}") from error
    return decode_image(data)


def _number(probability: float) -> float | None:
    return round(probability, 6) if math.isfinite(probability) else None


def _write_json(row: Row) -> None:
    print(json.dumps(row, ensure_ascii=False, allow_nan=False), flush=True)


def _write_text(row: Row) -> None:
    if row["error"] is not None:
        print(f"{row['path']}: {row['error']}", flush=True)
        return
    judged = row.get("faces", [row])
    words = [f"{one['verdict']} (p_with_mask {one['p_with_mask']})" for one in judged]
    print(f"{row['path']}: {', '.join(words) or 'no face found'}", flush=True)
