"""Choose the face rule: when finder and network together drop a candidate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tqdm import tqdm

from maskdet_core.detector import MIN_FACE_SHARE, PRESETS, MaskDetector
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.masks.classifier import Classifier, MaskClassifier
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import NO_FACE, FaceBox, RgbImage
from train.data.boxes import boxes_px
from train.data.detection import Photo
from train.data.drawn_matching import LEAST_PX, further_boxes, matched_boxes
from train.data.images import read_rgb
from train.data.matching import take_best
from train.data.photos import LabelledPhoto

WEIGHTS: Final = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Of the finder's score, tried one after the other."""
MAX_LOST: Final = 0.015
"""Share of the faces that a rule may drop. The weakest of hundreds is often one that nobody could
judge, and a rule that keeps it keeps many boxes on no face too."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One box of the finder.

    Attributes:
        score: the finder's log odds.
        p_face: the network's probability.
        is_face: whether it is the box of a person.
    """

    score: float
    p_face: float
    is_face: bool


def candidates(photos: Sequence[Photo], detector: MaskDetector) -> list[Candidate]:
    """Boxes of the finder in held-out photographs, without those on background people."""
    found: list[Candidate] = []
    for photo in tqdm(photos, desc="candidates", unit="photo"):
        rgb = read_rgb(photo.path)
        by_box = _judged(rgb, detector)
        free = list(by_box)
        people = [take_best(free, person) for person in boxes_px(photo.boxes, rgb)]
        for other in boxes_px(photo.others, rgb):
            take_best(free, other)
        found += [Candidate(box.score, by_box[box], True) for box in people if box is not None]
        found += [Candidate(box.score, by_box[box], False) for box in free]
    return found


def labelled_candidates(photos: Sequence[LabelledPhoto], detector: MaskDetector) -> list[Candidate]:
    """Boxes of the finder in held-out photographs with hand-drawn boxes.

    Labelled faces that are too small to be judged are left out.
    """
    found: list[Candidate] = []
    for photo in tqdm(photos, desc="candidates", unit="photo"):
        by_box = _judged(read_rgb(photo.path), detector)
        boxes = list(by_box)
        matched = matched_boxes(photo, boxes)
        found += [
            Candidate(boxes[i].score, by_box[boxes[i]], True)
            for number, i in matched.items()
            if max(photo.boxes[number][2:]) >= min(LEAST_PX)
        ]
        found += [
            Candidate(boxes[i].score, by_box[boxes[i]], False)
            for i in further_boxes(photo, boxes, matched)
        ]
    return found


def _judged(rgb: RgbImage, detector: MaskDetector) -> dict[FaceBox, float]:
    """The network's probability of a face for each box of the finder.

    Found and cropped as `MaskDetector.detect` does; the boxes are clipped, as the app shows them.
    """
    height, width = rgb.shape[:2]
    boxes = detector.find(rgb)
    p_face = detector.classify(rgb, boxes).p_face.tolist()
    return {
        inside: p
        for box, p in zip(boxes, p_face, strict=True)
        if (inside := box.clipped(width, height)) is not None
    }


def choose_rule(found: Sequence[Candidate]) -> FaceRule | None:
    """The rule that drops most candidates without a face, and at most `MAX_LOST` of the faces.

    Args:
        found: by one finder at one setting; None is returned where faces are missing among them.
    """
    faces = [c for c in found if c.is_face]
    if not faces:
        return None
    rules = []
    for weight in WEIGHTS:
        rule = FaceRule(weight, 0.0)
        ordered = sorted(rule.combined_log_odds(c.score, c.p_face) for c in faces)
        weakest_kept = ordered[int(MAX_LOST * len(faces))]
        rules.append(FaceRule(weight, math.floor(100 * weakest_kept) / 100))
    return min(rules, key=lambda rule: n_shown(found, rule))


def n_shown(found: Sequence[Candidate], rule: FaceRule) -> int:
    """Candidates without a face that the rule keeps."""
    return sum(not c.is_face and not rule.rejects(c.score, c.p_face) for c in found)


def face_rules(
    photos: Sequence[Photo],
    labelled: Sequence[LabelledPhoto],
    finder_manifest: Path,
    classifier: Classifier,
) -> dict[str, FaceRule]:
    """One rule for each preset of the app.

    Args:
        photos: held out from the training of finder and network, and not used for testing.
        labelled: the validation part, with hand-drawn boxes; the street figures count it too.
        finder_manifest: of the trained finder.
        classifier: the network as it will ship.
    """
    rules: dict[str, FaceRule] = {}
    for preset in PRESETS:
        manifest = CascadeManifest.load(finder_manifest)
        finder = CascadeFaceFinder(manifest, finder_manifest.parent, manifest.presets[preset])
        detector = MaskDetector(
            finder.for_candidates(), classifier, min_face_share=MIN_FACE_SHARE[preset]
        )
        found = [*candidates(photos, detector), *labelled_candidates(labelled, detector)]
        rule = choose_rule(found)
        if rule is None:
            continue
        rules[preset] = rule
        faces = [c for c in found if c.is_face]
        n_lost = sum(rule.rejects(c.score, c.p_face) for c in faces)
        print(
            f"{preset}: of {len(found) - len(faces)} candidates without a face in "
            f"{len(photos) + len(labelled)} photographs {n_shown(found, rule)} are shown; "
            f"of {len(faces)} with one {n_lost} are lost"
        )
    return rules


def with_face_rules(
    manifest: ModelManifest,
    folder: Path,
    finder_manifest: Path,
    photos: Sequence[Photo],
    labelled: Sequence[LabelledPhoto],
) -> ModelManifest:
    """The network's manifest with the rules of a finder, in place of those that it had.

    Args:
        manifest: of the network; one without an output for "no face" is returned as it is.
        folder: of the network's file.
        finder_manifest: see `face_rules`.
        photos: see `face_rules`.
        labelled: see `face_rules`; where both are empty, the manifest is returned as it is.
    """
    if NO_FACE not in manifest.classes or not (photos or labelled):
        return manifest
    classifier = MaskClassifier(manifest.read_model(folder), manifest)
    rules = face_rules(photos, labelled, finder_manifest, classifier)
    name = CascadeManifest.load(finder_manifest).name
    return replace(manifest, face_rules=rules, rules_finder=name)
