"""How long the face finders take for a camera frame.

Times are medians over photos scaled to 640 x 480 px, smallest face 40 px, one core, all
finders in turn on each frame, as ratios to ``haarcascade_frontalface_alt`` at OpenCV's default
settings: on a shared machine only the ratios of one run can be compared. ``python -m train
evaluate-finder`` measures how many people each finds, and how many false faces.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from maskdet_core import load_finder
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder
from train.data.splits.finder_data import Photo
from train.evaluate_finder.finders import BASELINE
from train.evaluate_finder.reference_boxes import frame_times_ms

MIN_FACE_PX: Final = 40


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("finder", help="time of the face finders for a camera frame")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--photos", type=int, default=60, metavar="N", help="how many photos")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 where the data are absent."""
    folder: Path = options.data / "covid-face-mask"
    if not (folder / "boxes.json").is_file():
        print(f"expected {folder / 'boxes.json'}, found none")
        return 2
    boxes: dict[str, list[list[float]]] = json.loads((folder / "boxes.json").read_text())
    photos = [
        Photo(folder / name, name, False, (), (), True)
        for name in sorted(boxes)
        if name.startswith("Test/")
    ]
    finders: dict[str, FaceFinder] = {
        BASELINE: OpenCvFaceFinder(),
        "maskdet photo": load_finder("photo"),
        "maskdet live": load_finder("live"),
    }
    times = frame_times_ms(
        {name: (finder, MIN_FACE_PX) for name, finder in finders.items()}, photos, options.photos
    )
    for name, milliseconds in times.items():
        print(f"{name:16s} {milliseconds:6.1f} ms, {milliseconds / times[BASELINE]:.2f} x")
    return 0
