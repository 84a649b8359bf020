"""Processor time to check a photo, and to search a live frame, with each shipped network.

A version is a face finder and a classifier. For each photo of the street set's held-back part:
the finder's search, the whole check (search, crops, classification) and the live preset's search of
the picture at 640 x 480 px, each on one thread. All versions take turns on each photo, in
alternating order, and each time is the least of some rounds: on a shared machine only the ratios of
one run can be compared.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.proposals import FRAME_PX
from maskdet_core import MaskDetector, load_classifier
from maskdet_core.detector import classifier_for
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.masks.loading import WHOLE
from maskdet_core.types import RgbImage
from train.data.annotations.photos import labelled_photos
from train.data.faces.images import read_rgb

TASKS: Final = ("search", "check", "live search")


@dataclass(frozen=True, slots=True)
class Version:
    """A face finder and a classifier.

    Attributes:
        name: as it is printed.
        finder: manifest.
        model: manifest, "whole", or None for the default.
        one_view: whether the network sees every crop once, however unsure it is.
    """

    name: str
    finder: Path
    model: str | None
    one_view: bool = False


VERSIONS: Final = (
    Version("whole network", DEFAULT_MANIFEST, WHOLE),
    Version("as shipped, one view", DEFAULT_MANIFEST, None, one_view=True),
    Version("as shipped", DEFAULT_MANIFEST, None),
)
"""Ratios are to the first."""


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("check", help="processor time of a photo check and of a live search")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--every", type=int, default=4, metavar="N", help="take each N-th photo")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="times are the least of")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 where the data are absent."""
    folder: Path = options.data / "street-photos"
    photos = labelled_photos([folder], {"val", "test"})[:: options.every]
    if not photos:
        print(f"expected photos with boxes in {folder}, found none")
        return 2
    timed = tasks()
    times_ms = [measure(read_rgb(photo.path), timed, options.rounds) for photo in photos]
    print(f"{len(photos)} photos, one thread, processor time")
    for line in report(times_ms):
        print(line)
    return 0


Task = Callable[[RgbImage, RgbImage], object]


def tasks() -> dict[tuple[str, str], Task]:
    """What is timed, by version and task: functions of a photo and of it as a frame."""
    by_name: dict[tuple[str, str], Task] = {}
    for version in VERSIONS:
        classifier = load_classifier(version.model, n_threads=1)
        if version.one_view:
            classifier = classifier_for("live", classifier)
        photo = MaskDetector.load(classifier, "photo", finder=version.finder)
        live = MaskDetector.load(classifier, "live", finder=version.finder)
        by_name |= {
            (version.name, "search"): lambda image, frame, d=photo: d.find(image),  # type: ignore[misc]
            (version.name, "check"): lambda image, frame, d=photo: d.detect(image),  # type: ignore[misc]
            (version.name, "live search"): lambda image, frame, d=live: d.find(frame),  # type: ignore[misc]
        }
    return by_name


def measure(
    image: RgbImage, timed: Mapping[tuple[str, str], Task], rounds: int
) -> dict[tuple[str, str], float]:
    """Least processor time of each task on one photo, ms."""
    frame = np.asarray(cv2.resize(image, FRAME_PX, interpolation=cv2.INTER_AREA), np.uint8)
    times: dict[tuple[str, str], list[float]] = {name: [] for name in timed}
    for number in range(rounds):
        for name in timed if number % 2 == 0 else reversed(list(timed)):
            started = time.process_time()
            timed[name](image, frame)
            times[name].append(1000 * (time.process_time() - started))
    return {name: min(values) for name, values in times.items()}


def report(times_ms: Sequence[Mapping[tuple[str, str], float]]) -> list[str]:
    """Median and mean of each task, and the ratio of the sums to the first version's."""
    lines = []
    for task in TASKS:
        first: NDArray[np.float64] | None = None
        for version in VERSIONS:
            values = np.array([one[version.name, task] for one in times_ms])
            first = values if first is None else first
            lines.append(
                f"{task:12s} {version.name:22s} {np.median(values):7.1f} ms (median) "
                f"{values.mean():7.1f} ms (mean), {values.sum() / first.sum():.3f} x"
            )
    return lines
