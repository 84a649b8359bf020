"""How many people the proposals of finders hold, and what they cost.

For each finder's photo preset: the share of hand-drawn faces that the best-scored clusters of
windows hold (intersection over union of 0.3, clusters as the finder forms them), windows and
clusters a photo, and processor time; for its live preset the time of a frame of 640 x 480 px.
All finders take turns on each photo, in alternating order: on a shared machine only the ratios
of one run can be compared.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from maskdet_core.detector import MIN_FACE_SHARE, min_face_px_in
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.faces.nms import Boxes, non_maximum_suppression, pairwise_overlaps
from maskdet_core.types import MASK_CLASSES, RgbImage
from train.data.annotations.photos import PHOTOS_FILE, LabelledPhoto, read_photos
from train.data.faces.images import read_rgb
from train.data.matching.drawn_matching import DRAWN_IOU, LEAST_PX

CLUSTERS: Final = (50, 100, 150, 250)
"""Best-scored clusters that may hold a face."""
FRAME_PX: Final = (640, 480)


@dataclass(slots=True)
class Tally:
    """What one finder proposed.

    Attributes:
        ranks: of the first cluster on each face by (class, longer side in px); infinite where none
            is on it.
        windows, clusters, photo_ms, frame_ms: of each photo.
    """

    ranks: list[tuple[str, float, float]] = field(default_factory=list)
    windows: list[int] = field(default_factory=list)
    clusters: list[int] = field(default_factory=list)
    photo_ms: list[float] = field(default_factory=list)
    frame_ms: list[float] = field(default_factory=list)


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("proposals", help="recall and time of the finders' proposals")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument(
        "--finders", type=Path, nargs="+", required=True, metavar="JSON", help="their manifests"
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take each N-th photo")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="times are the least of")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 where the data are absent."""
    folder: Path = options.data / "street-photos"
    if not (folder / PHOTOS_FILE).is_file():
        print(f"expected {folder / PHOTOS_FILE}, found none")
        return 2
    photos = [photo for photo in read_photos(folder) if photo.split != "train"][:: options.every]
    tallies = measure(photos, options.finders, options.rounds)
    print(f"{len(photos)} photos")
    for path, tally in tallies.items():
        print(f"\n{path}")
        for line in report(tally):
            print(f"  {line}")
    return 0


def measure(
    photos: Sequence[LabelledPhoto], manifests: Sequence[Path], rounds: int
) -> dict[Path, Tally]:
    """Let the finders of some manifests propose in each photo."""
    finders = {path: _finders(path) for path in manifests}
    tallies = {path: Tally() for path in manifests}
    for photo in photos:
        image = read_rgb(photo.path)
        frame = np.asarray(cv2.resize(image, FRAME_PX, interpolation=cv2.INTER_AREA), np.uint8)
        times: dict[Path, list[tuple[float, float]]] = {path: [] for path in manifests}
        for number in range(rounds):
            for path in manifests if number % 2 == 0 else reversed(manifests):
                photo_finder, live_finder = finders[path]
                started = time.process_time()
                boxes, n_windows = clusters(photo_finder, image, "photo")
                between = time.process_time()
                clusters(live_finder, frame, "live")
                times[path].append((between - started, time.process_time() - between))
                if number == 0:
                    tallies[path].windows.append(n_windows)
                    tallies[path].clusters.append(len(boxes))
                    tallies[path].ranks += ranks(photo, boxes)
        for path, tally in tallies.items():
            least_ms = 1000 * np.min(times[path], axis=0)
            tally.photo_ms.append(float(least_ms[0]))
            tally.frame_ms.append(float(least_ms[1]))
    return tallies


def clusters(finder: CascadeFaceFinder, image: RgbImage, preset: str) -> tuple[Boxes, int]:
    """The best window's box of each cluster (N, 4), best first, and the number of windows."""
    height, width = image.shape[:2]
    least_px = min_face_px_in(width, height, MIN_FACE_SHARE[preset])
    boxes, scores = finder.propose(image, min_face_px=least_px)
    return boxes[non_maximum_suppression(boxes, scores)], len(boxes)


def ranks(photo: LabelledPhoto, boxes: Boxes) -> list[tuple[str, float, float]]:
    """Of each labelled face: class, longer side in px, and rank of the first cluster on it."""
    drawn = photo.boxes_px()
    iou, _ = pairwise_overlaps(drawn, boxes)
    on_face = iou >= DRAWN_IOU
    first = np.where(on_face.any(axis=1), on_face.argmax(axis=1) if len(boxes) else 0, np.inf)
    return [
        (label, float(box[2:].max()), float(rank))
        for label, box, rank in zip(photo.labels, drawn, first, strict=True)
    ]


def report(tally: Tally) -> list[str]:
    """The figures as lines of a table."""
    lines = [
        f"{np.mean(tally.windows):.0f} windows, {np.mean(tally.clusters):.0f} clusters a photo; "
        f"processor time {np.mean(tally.photo_ms):.1f} ms a photo, "
        f"{np.mean(tally.frame_ms):.1f} ms a live frame of {FRAME_PX[0]} x {FRAME_PX[1]} px",
        f"{'held in the best':34s}" + "".join(f"{n:>8d}" for n in CLUSTERS) + "     all",
    ]
    for least_px in LEAST_PX:
        for label in MASK_CLASSES:
            of_class = np.array(
                [rank for name, side, rank in tally.ranks if name == label and side >= least_px]
            )
            if len(of_class):
                shares = [100 * np.mean(of_class < n) for n in (*CLUSTERS, np.inf)]
                name = f"{label}, {least_px} px and more ({len(of_class)})"
                lines.append(f"{name:34s}" + "".join(f"{share:7.1f}%" for share in shares))
    return lines


def _finders(path: Path) -> tuple[CascadeFaceFinder, CascadeFaceFinder]:
    manifest = CascadeManifest.load(path)
    return (
        CascadeFaceFinder(manifest, path.parent, manifest.presets["photo"]),
        CascadeFaceFinder(manifest, path.parent, manifest.presets["live"]),
    )
