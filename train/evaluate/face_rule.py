"""Choose the face rule: when finder and network together drop a candidate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tqdm import tqdm

from maskdet_core.detector import (
    MIN_FACE_SHARE,
    PRESETS,
    MaskDetector,
    Preset,
    classifier_for,
    height_share,
)
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.masks.classifier import Classifier, MaskClassifier
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import NO_FACE, WITH_MASK, WITHOUT_MASK, FaceBox, RgbImage
from train.data.annotations.boxes import boxes_px
from train.data.annotations.photos import LabelledPhoto
from train.data.faces.images import read_rgb
from train.data.matching.drawn_matching import LEAST_PX, further_boxes, matched_boxes
from train.data.matching.people_matching import take_best
from train.data.splits.finder_data import Photo

WEIGHTS: Final = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Of the finder's score, tried one after the other."""
MASK_MARGINS: Final = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
SIZE_WEIGHTS: Final = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Likewise."""
MAX_LOST: Final[dict[Preset, float]] = {"photo": 0.007, "live": 0.015}
"""Share of the faces without a mask, or with one worn wrong, that a rule may drop. The weakest of
hundreds is often one that nobody could judge, and a rule that keeps it keeps many boxes on no face
too. A live picture repeats its mistakes, but also looks again at whom it missed."""
MAX_LOST_MASKED: Final = 0.03
"""The same of masked faces. Most boxes on no face have the verdict "mask", so that masked faces pay
for them."""
FALSE_MASK_COST: Final = 2.0
"""What a box on no face with the verdict "mask" counts, where one with another verdict counts 1: a
mask that nobody wears makes a room look safer than it is."""

SAME_COST: Final = 1.05
"""Rules whose cost is within this factor of the least differ by a box or two, which is chance."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One box of the finder.

    Attributes:
        score: the finder's log odds.
        p_face: the network's probability of a face.
        p_with_mask: the network's probability of a mask, given a face.
        height_share: height of the box as a share of the image's longer side.
        label: class of the person's face, or `NO_FACE`.
    """

    score: float
    p_face: float
    p_with_mask: float
    height_share: float
    label: str

    @property
    def is_face(self) -> bool:
        """Whether it is the box of a person."""
        return self.label != NO_FACE

    def log_odds(self, rule: FaceRule) -> float:
        """As the rule combines them."""
        return rule.combined_log_odds(self.score, self.p_face, self.p_with_mask, self.height_share)

    def is_rejected(self, rule: FaceRule) -> bool:
        """Whether the rule drops it."""
        return rule.rejects(self.score, self.p_face, self.p_with_mask, self.height_share)


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
        label = WITH_MASK if photo.masked else WITHOUT_MASK
        found += [Candidate(box.score, *by_box[box], label) for box in people if box is not None]
        found += [Candidate(box.score, *by_box[box], NO_FACE) for box in free]
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
            Candidate(boxes[i].score, *by_box[boxes[i]], photo.labels[number])
            for number, i in matched.items()
            if max(photo.boxes[number][2:]) >= min(LEAST_PX)
        ]
        found += [
            Candidate(boxes[i].score, *by_box[boxes[i]], NO_FACE)
            for i in further_boxes(photo, boxes, matched)
        ]
    return found


def _judged(rgb: RgbImage, detector: MaskDetector) -> dict[FaceBox, tuple[float, float, float]]:
    """For each box of the finder what the network says of it, and the share of its height.

    The network says the probabilities of a face and of a mask given one. Found and cropped as
    `MaskDetector.detect` does; the boxes are clipped, as the app shows them.
    """
    height, width = rgb.shape[:2]
    boxes = detector.find(rgb)
    predictions = detector.classify(rgb, boxes)
    return {
        inside: (float(p_face), probabilities.p_with_mask, height_share(box, rgb))
        for box, probabilities, p_face in zip(boxes, predictions, predictions.p_face, strict=True)
        if (inside := box.clipped(width, height)) is not None
    }


def choose_rule(found: Sequence[Candidate], preset: Preset) -> FaceRule | None:
    """The rule that shows least without a face, and drops no more faces than it may.

    Of rules that are equally good by chance it is the one that drops fewest faces.

    Args:
        found: by one finder at one setting; None is returned where faces are missing among them.
        preset: of the setting.
    """
    if not any(c.is_face for c in found):
        return None
    rules = [
        replace(rule, min_log_odds=_highest_minimum(found, rule, MAX_LOST[preset]))
        for weight in WEIGHTS
        for margin in MASK_MARGINS
        for size_weight in SIZE_WEIGHTS
        for rule in [FaceRule(weight, 0.0, margin, size_weight)]
    ]
    costs = [_cost(found, rule) for rule in rules]
    as_good = [
        rule
        for rule, cost in zip(rules, costs, strict=True)
        if cost <= SAME_COST * min(costs) + 1e-9
    ]
    return min(as_good, key=lambda rule: sum(c.is_face and c.is_rejected(rule) for c in found))


def _highest_minimum(found: Sequence[Candidate], rule: FaceRule, max_lost: float) -> float:
    """The highest minimum of a rule that drops no more faces of either kind than it may."""
    minimums = []
    for masked, share in ((True, MAX_LOST_MASKED), (False, max_lost)):
        ordered = sorted(
            c.log_odds(rule) for c in found if c.is_face and (c.label == WITH_MASK) is masked
        )
        if ordered:
            minimums.append(ordered[int(share * len(ordered))])
    return math.floor(100 * min(minimums)) / 100


def shown(found: Sequence[Candidate], rule: FaceRule) -> list[Candidate]:
    """Candidates without a face that the rule keeps."""
    return [c for c in found if not c.is_face and not c.is_rejected(rule)]


def _cost(found: Sequence[Candidate], rule: FaceRule) -> float:
    return sum(1 + (FALSE_MASK_COST - 1) * c.p_with_mask for c in shown(found, rule))


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
            finder.for_candidates(),
            classifier_for(preset, classifier),
            min_face_share=MIN_FACE_SHARE[preset],
        )
        found = [*candidates(photos, detector), *labelled_candidates(labelled, detector)]
        rule = choose_rule(found, preset)
        if rule is None:
            continue
        rules[preset] = rule
        faces = [c for c in found if c.is_face]
        n_lost = sum(c.is_rejected(rule) for c in faces)
        print(
            f"{preset}: of {len(found) - len(faces)} candidates without a face in "
            f"{len(photos) + len(labelled)} photographs {len(shown(found, rule))} are shown; "
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
