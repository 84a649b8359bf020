"""Finders on photographs with hand-drawn boxes: recall by class and size, and further boxes."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from maskdet_core.detector import min_face_px_in
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.types import MASK_CLASSES, FaceBox, RgbImage
from train.data.images import read_rgb
from train.finder.matching import LEAST_PX, further_boxes, matched_boxes
from train.finder.photos import LabelledPhoto
from train.intervals import wilson_interval


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """One labelled face, found or not.

    Attributes:
        label: its class.
        side_px: longer side of its box.
        score: of the box that found it, None where none did.
    """

    label: str
    side_px: float
    score: float | None


@dataclass(slots=True)
class DrawnTally:
    """Results of one finder on many photographs; `times_ms` is processor time a photograph."""

    photos: int = 0
    faces: list[DrawnFace] = field(default_factory=list)
    further: list[float] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)


def count(tally: DrawnTally, photo: LabelledPhoto, found: Sequence[FaceBox]) -> None:
    """Match each face with at most one box, pairs of high overlap first."""
    tally.photos += 1
    drawn = photo.boxes_px()
    matched = matched_boxes(photo, found)
    for number, label in enumerate(photo.labels):
        score = found[matched[number]].score if number in matched else None
        tally.faces.append(DrawnFace(label, float(drawn[number, 2:].max()), score))
    tally.further += [found[number].score for number in further_boxes(photo, found, matched)]


def tally_finders(
    photos: Sequence[LabelledPhoto], finders: Mapping[str, FaceFinder]
) -> dict[str, DrawnTally]:
    """All finders in turn on each photograph, so that their times can be compared.

    Args:
        photos: to search.
        finders: by name; with a low minimum score, so that a curve can be drawn.
    """
    searches: dict[str, Callable[[RgbImage], list[FaceBox]]] = {
        name: lambda image, finder=finder: finder.find(  # type: ignore[misc]
            image, min_face_px=min_face_px_in(image.shape[1], image.shape[0])
        )
        for name, finder in finders.items()
    }
    tallies = {name: DrawnTally() for name in finders}
    for photo in tqdm(photos, unit="photo"):
        image = read_rgb(photo.path)
        for name, search in searches.items():
            started = time.process_time()
            found = search(image)
            tallies[name].times_ms.append(1000 * (time.process_time() - started))
            count(tallies[name], photo, found)
    return tallies


def score_at(tally: DrawnTally, further_per_photo: float) -> float:
    """The minimum score that leaves so many further boxes a photograph."""
    ordered = sorted(tally.further, reverse=True)
    n_allowed = int(further_per_photo * tally.photos)
    return ordered[n_allowed] if n_allowed < len(ordered) else -np.inf


def recall(tally: DrawnTally, min_score: float, label: str, least_px: float) -> dict[str, Any]:
    """Count, share and 95 % interval of one class's faces found with more than a score."""
    faces = [f for f in tally.faces if f.label == label and f.side_px >= least_px]
    n_found = sum(f.score is not None and f.score > min_score for f in faces)
    return {
        "n": len(faces),
        "n_found": n_found,
        "recall": n_found / len(faces) if faces else None,
        "ci95": list(wilson_interval(n_found, len(faces))),
    }


def summary(tally: DrawnTally, min_score: float) -> dict[str, Any]:
    """Recall by size and class, further boxes and median time, at one minimum score."""
    return {
        "photos": tally.photos,
        "min_score": min_score,
        "further_per_photo": sum(s > min_score for s in tally.further) / max(tally.photos, 1),
        "processor_ms": float(np.median(tally.times_ms)) if tally.times_ms else None,
        "faces": {
            f"{least} px and more": {
                label: recall(tally, min_score, label, least) for label in MASK_CLASSES
            }
            for least in LEAST_PX
        },
    }
