"""How long the face finders take for a camera frame, and how stock squares map to face boxes.

Times are medians over photographs scaled to 640 x 480 px, smallest face 40 px, one core, all
finders in turn on each frame, as ratios to ``haarcascade_frontalface_alt`` at OpenCV's default
settings: these machines are shared, and only ratios of one run mean anything. How many people each
finds, and how many it makes up, is measured by ``python -m train evaluate-detector``.

``--fit`` prints the constants that map each stock cascade's square to the reference framing.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from maskdet_core import FaceBox, load_finder
from maskdet_core.decode import decode_image
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder, SearchPass, stock_finder, stock_spec
from train.data.boxes import boxes_px
from train.data.detection import Photo
from train.data.matching import FOUND_IOU
from train.evaluate.detection import BASELINE, baseline_finder, frame_times_ms

MIN_FACE_PX: Final = 40


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("finder", help="time of the face finders for a camera frame")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--photos", type=int, default=60, metavar="N", help="how many photographs")
    parser.add_argument("--fit", action="store_true", help="fit the stock cascades' mapping")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 where the data are absent."""
    folder: Path = options.data / "covid-face-mask"
    if not (folder / "boxes.json").is_file():
        print(f"expected {folder / 'boxes.json'}, found none")
        return 2
    boxes: dict[str, list[list[float]]] = json.loads((folder / "boxes.json").read_text())
    if options.fit:
        fit(folder, sorted(name for name in boxes if name.startswith("Train/")), boxes)
        return 0
    photos = [
        Photo(folder / name, name, False, (), (), True)
        for name in sorted(boxes)
        if name.startswith("Test/")
    ]
    finders: dict[str, FaceFinder] = {
        BASELINE: baseline_finder(),
        "maskdet photo": load_finder("photo"),
        "maskdet live": load_finder("live"),
        "stock photo": stock_finder("photo"),
        "stock live": stock_finder("live"),
    }
    asked = {name: (finder, MIN_FACE_PX) for name, finder in finders.items()}
    times = frame_times_ms(asked, photos, options.photos)
    for name, milliseconds in times.items():
        print(f"{name:16s} {milliseconds:6.1f} ms, {milliseconds / times[BASELINE]:.2f} x")
    return 0


def fit(folder: Path, names: Sequence[str], boxes: dict[str, list[list[float]]]) -> None:
    """Print the median mapping of each cascade's square to the reference framing."""
    for name_of_cascade in ("alt", "alt2", "default", "profile"):
        spec = stock_spec(name_of_cascade, 3)
        square = replace(spec, width=1.0, height=1.0, shift_x=0.0, shift_y=0.0)
        finder = OpenCvFaceFinder([SearchPass((square,), side_px=512, scale_factor=1.08)])
        rows = []
        for name in names:
            image = decode_image((folder / name).read_bytes())
            found = finder.find(image, min_face_px=MIN_FACE_PX)
            for person in boxes_px([(b[0], b[1], b[2], b[3]) for b in boxes[name]], image):
                near = max(found, key=person.iou, default=None)
                if near is not None and person.iou(near) > FOUND_IOU:
                    rows.append(mapping(near, person))
        width, height, shift_x, shift_y = np.median(rows, axis=0)
        print(
            f"{spec.file.stem}: {len(rows)} faces, width {width:.3f} height {height:.3f} "
            f"shift_x {shift_x:.3f} shift_y {shift_y:.3f}"
        )


def mapping(square: FaceBox, person: FaceBox) -> tuple[float, float, float, float]:
    """Width, height and shift of a reference box in sides of a cascade's square."""
    side = square.w
    return (
        person.w / side,
        person.h / side,
        (person.x + person.w / 2 - square.x - side / 2) / side,
        (person.y + person.h / 2 - square.y - side / 2) / side,
    )
