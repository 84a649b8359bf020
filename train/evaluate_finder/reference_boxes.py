"""Recall, false positives and time of face finders, side by side on the same photographs."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import cv2
import numpy as np
from tqdm import tqdm

from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import min_face_px_in
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.intervals import wilson_interval
from maskdet_core.types import FaceBox, RgbImage
from train.data.annotations.boxes import boxes_px
from train.data.faces.images import read_rgb
from train.data.matching.people_matching import take_best
from train.data.splits.finder_data import Photo

SIZE_EDGES_PX: Final = (64, 128, 256)
FRAME: Final = (640, 480)
"""Size of the camera frames that times are measured on: width, height in px."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a photograph, found by one finder or not.

    Attributes:
        masked: class of the photograph.
        height_px: of the reference box.
        pose: "frontal", "turned" or "tilted"; "" where it was not noted.
        score: of the box that found the person, None where none did.
    """

    masked: bool
    height_px: float
    pose: str
    score: float | None


@dataclass(slots=True)
class Tally:
    """Results of one finder on many photographs."""

    photos: int = 0
    people: list[Person] = field(default_factory=list)
    false_scores: list[float] = field(default_factory=list)


def count_photo(
    tally: Tally,
    photo: Photo,
    image: RgbImage,
    found: Sequence[FaceBox],
    min_px: int,
    pose: str = "",
) -> list[FaceBox]:
    """Match each person with at most one box; every other box is a false positive.

    People less high than `min_px` need not be found. A box on one of them, or on one of the
    photograph's `others`, is no false positive.

    Returns:
        The false positives.
    """
    free = list(found)
    for person in sorted(boxes_px(photo.boxes, image), key=lambda box: -box.h):
        match = take_best(free, person)
        if person.h >= min_px:
            score = None if match is None else match.score
            tally.people.append(Person(photo.masked, person.h, pose, score))
    for other in boxes_px(photo.others, image):
        take_best(free, other)
    tally.photos += 1
    tally.false_scores += [box.score for box in free]
    return free


Found = dict[str, tuple[list[FaceBox], int]]
"""By photograph: the boxes found, and the minimum face height, px."""


def search_photos(finder: FaceFinder, photos: Sequence[Photo]) -> Found:
    """One finder over the photographs."""
    found: Found = {}
    for photo in tqdm(photos, unit="photo"):
        image = _read(photo.path)
        min_px = min_face_px_in(image.shape[1], image.shape[0])
        found[photo.name] = (finder.find(image, min_face_px=min_px), min_px)
    return found


def tally_photos(
    photos: Sequence[Photo],
    found: Found,
    poses: Mapping[str, str] = MappingProxyType({}),
    min_score: float = -math.inf,
) -> Tally:
    """Tally some of the searched photographs, leaving out boxes below a score."""
    tally = Tally()
    for photo in photos:
        every, min_px = found[photo.name]
        boxes = [box for box in every if box.score >= min_score]
        pose = poses.get(photo.name, "") if len(photo.boxes) == 1 else ""
        count_photo(tally, photo, _read(photo.path), boxes, min_px, pose)
    return tally


@lru_cache(maxsize=400)
def _read(path: Path) -> RgbImage:
    return read_rgb(path)


def share_found(people: Sequence[Person]) -> dict[str, Any]:
    """Count, share and 95 % interval."""
    n_found = sum(person.score is not None for person in people)
    return {
        "n": len(people),
        "n_found": n_found,
        "recall": n_found / len(people) if people else None,
        "ci95": list(wilson_interval(n_found, len(people))),
    }


def summary(tally: Tally) -> dict[str, Any]:
    """The tally by class, size and pose."""
    edges = (0, *SIZE_EDGES_PX, 10**6)
    sizes = {
        f"{low}-{high} px" if high < 10**6 else f"{low} px and more": share_found(
            [p for p in tally.people if low <= p.height_px < high]
        )
        for low, high in pairwise(edges)
    }
    poses = sorted({p.pose for p in tally.people} - {""})
    return {
        "photos": tally.photos,
        "masked": share_found([p for p in tally.people if p.masked]),
        "bare": share_found([p for p in tally.people if not p.masked]),
        "false_faces": len(tally.false_scores),
        "false_per_photo": len(tally.false_scores) / max(tally.photos, 1),
        "by_size": sizes,
        "by_pose": {
            pose: share_found([p for p in tally.people if p.pose == pose]) for pose in poses
        },
    }


def curve(tally: Tally, max_points: int = 60) -> list[dict[str, float]]:
    """Recall of both classes against false positives a photo, as the minimum score falls."""
    found = [p.score for p in tally.people if p.score is not None]
    scores = np.unique(np.array([*found, *tally.false_scores]))[::-1]
    picked = scores[np.linspace(0, len(scores) - 1, min(max_points, len(scores))).astype(int)]
    points = []
    for score in picked:
        point = {
            "min_score": float(score),
            "false_per_photo": sum(s >= score for s in tally.false_scores) / max(tally.photos, 1),
        }
        for name, masked in (("masked", True), ("bare", False)):
            people = [p for p in tally.people if p.masked == masked]
            n_found = sum(p.score is not None and p.score >= score for p in people)
            point[name] = n_found / max(len(people), 1)
        points.append(point)
    return points


def recall_at(tally: Tally, rates: Sequence[float]) -> list[dict[str, float]]:
    """Recall of both classes at the minimum scores with these false positives a photograph."""
    points = []
    ordered = sorted(tally.false_scores, reverse=True)
    for rate in rates:
        n_allowed = int(rate * tally.photos)
        bar = ordered[n_allowed] if n_allowed < len(ordered) else -np.inf
        point = {"false_per_photo": rate}
        for name, masked in (("masked", True), ("bare", False)):
            people = [p for p in tally.people if p.masked == masked]
            n_found = sum(p.score is not None and p.score > bar for p in people)
            point[name] = n_found / max(len(people), 1)
        points.append(point)
    return points


def frame_times_ms(
    finders: Mapping[str, tuple[FaceFinder, int]], photos: Sequence[Photo], n_photos: int = 40
) -> dict[str, float]:
    """Median time for a camera-sized frame on one core, in ms, the finders in turn on each frame.

    OpenCV's threads are set to one in the whole process.

    Args:
        finders: finder and minimum face height in px, by name.
        photos: scaled to `FRAME`.
        n_photos: how many of them.
    """
    limit_opencv_threads(1)
    times: dict[str, list[float]] = {name: [] for name in finders}
    for photo in photos[:: max(1, len(photos) // n_photos)]:
        frame = np.asarray(cv2.resize(read_rgb(photo.path), FRAME), np.uint8)
        for name, (finder, min_px) in finders.items():
            started = time.perf_counter()
            finder.find(frame, min_face_px=min_px)
            times[name].append(1000 * (time.perf_counter() - started))
    return {name: float(np.median(values)) for name, values in times.items()}
