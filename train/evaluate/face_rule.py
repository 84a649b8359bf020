"""Choose the face rule: when finder and network together drop a candidate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from maskdet_core.detector import PRESETS, MaskDetector
from maskdet_core.masks.classifier import Classifier
from maskdet_core.masks.face_rule import FaceRule
from train.data.boxes import boxes_px
from train.data.detection import Photo
from train.data.images import read_rgb
from train.data.matching import take_best

WEIGHTS = (1.0, 2.0, 3.0, 4.0, 6.0)
"""Of the finder's score, tried one after the other."""
SLACK = 0.75
"""Share of the strictest threshold that loses no face here; the rest is margin for harder ones."""


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
        height, width = rgb.shape[:2]
        # found and cropped as `MaskDetector.detect` does; matched as the app shows them, clipped
        boxes = detector.find(rgb)
        p_face = detector.classify(rgb, boxes).p_face.tolist()
        by_box = {
            inside: p
            for box, p in zip(boxes, p_face, strict=True)
            if (inside := box.clipped(width, height)) is not None
        }
        free = list(by_box)
        people = [take_best(free, person) for person in boxes_px(photo.boxes, rgb)]
        for other in boxes_px(photo.others, rgb):
            take_best(free, other)
        found += [Candidate(box.score, by_box[box], True) for box in people if box is not None]
        found += [Candidate(box.score, by_box[box], False) for box in free]
    return found


def choose_rule(found: Sequence[Candidate]) -> FaceRule | None:
    """The rule that drops most candidates without a face and keeps all faces, with some slack.

    Args:
        found: by one finder at one setting; None is returned where faces are missing among them.
    """
    faces = [c for c in found if c.is_face]
    if not faces:
        return None
    rules = []
    for weight in WEIGHTS:
        rule = FaceRule(weight, 0.0)
        weakest = min(rule.combined_log_odds(c.score, c.p_face) for c in faces)
        # a threshold below zero has no slack to give
        rule = FaceRule(weight, math.floor(100 * min(weakest, SLACK * weakest)) / 100)
        rules.append((n_shown(found, rule), rule))
    return min(rules, key=lambda pair: pair[0])[1]


def n_shown(found: Sequence[Candidate], rule: FaceRule) -> int:
    """Candidates without a face that the rule keeps."""
    return sum(not c.is_face and not rule.rejects(c.score, c.p_face) for c in found)


def face_rules(
    photos: Sequence[Photo], finder_manifest: Path, classifier: Classifier
) -> dict[str, FaceRule]:
    """One rule for each preset of the app.

    Args:
        photos: held out from the training of finder and network, and not used for testing.
        finder_manifest: of the trained cascades.
        classifier: the network as it will ship.
    """
    rules: dict[str, FaceRule] = {}
    for preset in PRESETS:
        detector = MaskDetector.load(classifier, preset, finder=finder_manifest)
        found = candidates(photos, detector)
        rule = choose_rule(found)
        if rule is None:
            continue
        rules[preset] = rule
        n_faces = sum(c.is_face for c in found)
        print(
            f"{preset}: of {len(found) - n_faces} candidates without a face in {len(photos)} "
            f"photographs {n_shown(found, rule)} are shown, of {n_faces} with one all"
        )
    return rules
