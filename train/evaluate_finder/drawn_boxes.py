"""Finders on photographs with hand-drawn boxes: faces found and further boxes, by score."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
from tqdm import tqdm

from maskdet_core.detector import min_face_px_in
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.intervals import wilson_interval
from maskdet_core.records.finder import FoundByClass, FoundRecord, OperatingPoint
from maskdet_core.types import MASK_CLASSES, FaceBox, RgbImage
from train.data.annotations.boxes import Box
from train.data.annotations.photos import LabelledPhoto
from train.data.annotations.poses import FacePoses
from train.data.faces.images import read_rgb
from train.data.matching.drawn_matching import LEAST_PX, further_boxes, matched_boxes

NO_POSES: Final = MappingProxyType[tuple[str, Box], str]({})


@dataclass(frozen=True, slots=True)
class DrawnFace:
    """One labelled face, found or not.

    Attributes:
        label: its class.
        side_px: longer side of its box.
        score: of the box that found it, None where none did.
        pose: "" where it was not noted.
    """

    label: str
    side_px: float
    score: float | None
    pose: str = ""


@dataclass(slots=True)
class DrawnTally:
    """Results of one finder on many photographs; `times_ms` is processor time a photograph."""

    photos: int = 0
    faces: list[DrawnFace] = field(default_factory=list)
    further: list[float] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)

    @classmethod
    def joined(cls, tallies: Iterable["DrawnTally"]) -> "DrawnTally":
        """The results on several sets of photographs as those on one."""
        whole = cls()
        for tally in tallies:
            whole.photos += tally.photos
            whole.faces += tally.faces
            whole.further += tally.further
            whole.times_ms += tally.times_ms
        return whole


def count(
    tally: DrawnTally,
    photo: LabelledPhoto,
    found: Sequence[FaceBox],
    poses: FacePoses = NO_POSES,
) -> None:
    """Match each face with at most one box, pairs of high overlap first."""
    tally.photos += 1
    drawn = photo.boxes_px()
    matched = matched_boxes(photo, found)
    for number, label in enumerate(photo.labels):
        score = found[matched[number]].score if number in matched else None
        pose = poses.get((photo.path.name, photo.boxes[number]), "")
        tally.faces.append(DrawnFace(label, float(drawn[number, 2:].max()), score, pose))
    tally.further += [found[number].score for number in further_boxes(photo, found, matched)]


def tally_finders(
    photos: Sequence[LabelledPhoto],
    finders: Mapping[str, FaceFinder],
    poses: FacePoses = NO_POSES,
) -> dict[str, DrawnTally]:
    """All finders in turn on each photograph, so that their times can be compared.

    Args:
        photos: to search.
        finders: by name; with a low minimum score, so that a curve can be drawn.
        poses: of their faces, as far as they were noted.
    """
    searches: dict[str, Callable[[RgbImage], list[FaceBox]]] = {
        name: lambda image, finder=finder: finder.find(  # type: ignore[misc]
            image, min_face_px=min_face_px_in(image.shape[1], image.shape[0])
        )
        for name, finder in finders.items()
    }
    tallies = {name: DrawnTally() for name in finders}
    for number, photo in enumerate(tqdm(photos, unit="photo")):
        image = read_rgb(photo.path)
        # the first finder to read the photograph has it in no cache
        turns = list(searches.items())[:: -1 if number % 2 else 1]
        for name, search in turns:
            started = time.process_time()
            found = search(image)
            tallies[name].times_ms.append(1000 * (time.process_time() - started))
            count(tallies[name], photo, found, poses)
    return tallies


def score_at(tally: DrawnTally, further_per_photo: float) -> float:
    """The minimum score that leaves so many further boxes a photograph."""
    ordered = sorted(tally.further, reverse=True)
    n_allowed = int(further_per_photo * tally.photos)
    return ordered[n_allowed] if n_allowed < len(ordered) else -np.inf


def found_record(faces: Sequence[DrawnFace], min_score: float) -> FoundRecord:
    """Count, share and 95 % interval of the faces found with more than a score."""
    n_found = sum(face.score is not None and face.score > min_score for face in faces)
    return {
        "n": len(faces),
        "n_found": n_found,
        "recall": n_found / len(faces) if faces else None,
        "ci95": list(wilson_interval(n_found, len(faces))),
    }


def found_by_class(faces: Sequence[DrawnFace], min_score: float) -> FoundByClass:
    """`found_record` of each class."""
    return {
        label: found_record([face for face in faces if face.label == label], min_score)
        for label in MASK_CLASSES
    }


def further_per_photo(tally: DrawnTally, min_score: float) -> float:
    """Boxes a photograph with more than a score that match no face."""
    return sum(score > min_score for score in tally.further) / max(tally.photos, 1)


def operating_point(tally: DrawnTally, min_score: float) -> OperatingPoint:
    """Recall by size and class, and further boxes, at one minimum score."""
    return {
        "min_score": min_score,
        "further_per_photo": further_per_photo(tally, min_score),
        "faces": {
            f"{least} px and more": found_by_class(
                [face for face in tally.faces if face.side_px >= least], min_score
            )
            for least in LEAST_PX
        },
    }
