"""How many faces the finder finds, how many it makes up, and how long it takes.

Reference: the boxes of ``covid-face-mask/boxes.json`` (a neural detector's, not drawn by hand).
A face counts as found by one box with an intersection over union of at least 0.35; every other
box is a false face, also where the reference overlooked somebody. The class is the photograph's.
``--fit`` prints the constants that map each cascade's square to the reference framing.

Every tenth photograph of Train and Validation (``--every 10``: 91 photos, 44 masked and 47 bare
people), one run on a busy two-core machine; the choice of cascades was made on 228 photos that
overlap with these, so the figures lean to the kind side:

==================  ==========  ==========  ===================  ===========
finder              masked      bare        false faces a photo  time ratio
==================  ==========  ==========  ===================  ===========
frontalface_alt     25.0 %      78.7 %      0.00                 1
photo preset        52.3 %      89.4 %      0.14                 3.85
live preset         38.6 %      83.0 %      0.09                 0.26
==================  ==========  ==========  ===================  ===========

The live preset took 23.9 ms for 640 x 480 px on one core. Stock cascades learned bare faces: about
half of the masked ones escape at any number of false faces that one would accept.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from maskdet_core import FaceBox, FaceFinder, HaarFaceFinder, RgbImage, decode_image
from maskdet_core.detector import MIN_FACE_PX, MIN_FACE_SHARE
from maskdet_core.finder import LIVE_PASSES, SearchPass, stock_finder, stock_spec

FOUND_IOU: Final = 0.35
CLASSES: Final = {"Mask": "masked", "Non Mask": "bare"}
BASELINE: Final = SearchPass((stock_spec("alt", 3),), side_px=1000, enlarge=False)
"""The cascade that most tutorials use, with OpenCV's default settings."""
LIVE_SIZE: Final = (640, 480)


@dataclass(slots=True)
class Tally:
    """Sums over photographs."""

    photos: int = 0
    people: int = 0
    found: int = 0
    false_faces: int = 0


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("finder", help="recall, false faces and time of the face finder")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--splits", default="Train,Validation", help="comma separated")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each N-th photo only")
    parser.add_argument("--fit", action="store_true", help="fit the mapping constants on Train")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 where the data are absent."""
    folder: Path = options.data / "covid-face-mask"
    if not (folder / "boxes.json").is_file():
        print(f"expected {folder / 'boxes.json'}, found none")
        return 2
    boxes: dict[str, list[list[float]]] = json.loads((folder / "boxes.json").read_text())
    splits = ("Train",) if options.fit else tuple(options.splits.split(","))
    names = sorted(name for name in boxes if name.split("/")[0] in splits)[:: options.every]
    if options.fit:
        fit(folder, names, boxes)
        return 0
    finders: dict[str, tuple[FaceFinder, float]] = {
        "frontalface_alt": (HaarFaceFinder([BASELINE]), MIN_FACE_SHARE["photo"]),
        "photo": (stock_finder("photo"), MIN_FACE_SHARE["photo"]),
        "live": (stock_finder("live"), MIN_FACE_SHARE["live"]),
    }
    cv2.setNumThreads(1)
    tallies = {(finder, kind): Tally() for finder in finders for kind in CLASSES}
    seconds = dict.fromkeys(finders, 0.0)
    for name in names:
        image = decode_image((folder / name).read_bytes())
        people = reference_boxes(boxes[name], image)
        kind = name.split("/")[1]
        for label, (finder, share) in finders.items():
            least = max(MIN_FACE_PX, round(max(image.shape[:2]) * share))
            started = time.perf_counter()
            found = finder.find(image, min_face_px=least)
            seconds[label] += time.perf_counter() - started
            count(tallies[label, kind], people, found)
    for label in finders:
        report(label, {kind: tallies[label, kind] for kind in CLASSES})
        ratio = seconds[label] / seconds["frontalface_alt"]
        print(
            f"  time {1000 * seconds[label] / len(names):.0f} ms a photo, {ratio:.2f} x the first"
        )
    milliseconds = live_ms(folder, names)
    print(f"live preset, {LIVE_SIZE[0]} x {LIVE_SIZE[1]} px, one core: {milliseconds:.1f} ms")
    return 0


def reference_boxes(fractions: Sequence[Sequence[float]], image: RgbImage) -> list[FaceBox]:
    """The reference's boxes in px."""
    height, width = image.shape[:2]
    return [
        FaceBox(
            round(x * width),
            round(y * height),
            max(1, round(w * width)),
            max(1, round(h * height)),
            score,
        )
        for x, y, w, h, score in fractions
    ]


def count(tally: Tally, people: Sequence[FaceBox], found: Sequence[FaceBox]) -> None:
    """Match each person with at most one box."""
    free = list(found)
    for person in people:
        match = max(free, key=person.iou, default=None)
        if match is not None and person.iou(match) >= FOUND_IOU:
            free.remove(match)
            tally.found += 1
    tally.photos += 1
    tally.people += len(people)
    tally.false_faces += len(free)


def report(label: str, tallies: dict[str, Tally]) -> None:
    """Print one finder's figures."""
    print(label)
    for kind, tally in tallies.items():
        share = tally.found / max(tally.people, 1)
        print(f"  {CLASSES[kind]}: {tally.found} of {tally.people} found ({share:.1%})")
    photos = sum(tally.photos for tally in tallies.values())
    false_faces = sum(tally.false_faces for tally in tallies.values())
    print(f"  false faces: {false_faces} in {photos} photos ({false_faces / max(photos, 1):.2f})")


def live_ms(folder: Path, names: Sequence[str]) -> float:
    """Median time of the live preset over up to 60 of the photos at the camera's size, in ms."""
    finder = HaarFaceFinder(LIVE_PASSES)
    cv2.setNumThreads(1)
    least = round(LIVE_SIZE[0] * MIN_FACE_SHARE["live"])
    times = []
    for name in names[:: max(1, len(names) // 60)]:
        image = decode_image((folder / name).read_bytes())
        frame = np.asarray(cv2.resize(image, LIVE_SIZE), dtype=np.uint8)
        started = time.perf_counter()
        finder.find(frame, min_face_px=least)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def fit(folder: Path, names: Sequence[str], boxes: dict[str, list[list[float]]]) -> None:
    """Print the median mapping of each cascade's square to the reference framing."""
    for name_of_cascade in ("alt", "alt2", "default", "profile"):
        spec = stock_spec(name_of_cascade, 3)
        square = replace(spec, width=1.0, height=1.0, shift_x=0.0, shift_y=0.0)
        finder = HaarFaceFinder([SearchPass((square,), side_px=512, scale_factor=1.08)])
        rows = []
        for name in names:
            image = decode_image((folder / name).read_bytes())
            found = finder.find(image, min_face_px=MIN_FACE_PX)
            for person in reference_boxes(boxes[name], image):
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
