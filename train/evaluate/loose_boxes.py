"""Loose boxes: head and shoulders, chests, the air beside a face; none of them is a face."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from maskdet_core.detector import MaskDetector
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.records.evaluation import LooseBoxRecord, RateRecord, ShareRecord
from maskdet_core.types import WITH_MASK, WITHOUT_MASK, FaceBox, RgbImage, Verdict
from train.data.annotations.boxes import box_px
from train.data.faces.datasets import OUTPUTS, FaceSample
from train.data.faces.images import face_box, face_crop, read_rgb
from train.data.matching.drawn_matching import DRAWN_IOU
from train.evaluate.judged import class_probabilities, outcome_counts, verdicts
from train.evaluate.metrics import WITH_MASK_AT
from train.intervals import share_of

FACTORS: Final = (1.5, 2.0, 3.0, 4.0)
"""Sides of the loose box over those of the face's box."""
Place = Literal["centred", "down", "sideways"]
PLACES: Final[tuple[Place, ...]] = ("centred", "down", "sideways")
"""Around the face; with the face at its top edge; with the face at its left or right edge."""
MAX_FACES: Final = 300
"""Faces of each class, evenly taken from all."""
MAX_SIDE: Final = 0.5
"""Faces wider or higher than this fraction of their picture have no surroundings to show."""
MIN_INSIDE: Final = 0.5
"""Share of a loose box that must lie inside its picture; the finder returns no other boxes."""
OTHER_IOU: Final = 0.1
"""A loose box that overlaps another labelled face more is left out: it could be that face's."""


@dataclass(frozen=True, slots=True)
class LooseBox:
    """A box that is no face.

    Attributes:
        factor: its sides over those of the face's box.
        place: where it lies.
        box: px.
    """

    factor: float
    place: Place
    box: FaceBox


def loosened(face: FaceBox, *, to_the_right: bool) -> list[LooseBox]:
    """All loose boxes of a face.

    Args:
        face: its box, px.
        to_the_right: which way the sideways boxes are shifted.
    """
    boxes = []
    for factor in FACTORS:
        w, h = round(factor * face.w), round(factor * face.h)
        x, y = face.x - (w - face.w) // 2, face.y - (h - face.h) // 2
        beside = face.x if to_the_right else face.x + face.w - w
        places: dict[Place, tuple[int, int]] = {
            "centred": (x, y),
            "down": (x, face.y),
            "sideways": (beside, y),
        }
        boxes += [LooseBox(factor, place, FaceBox(*at, w, h)) for place, at in places.items()]
    return boxes


def usable(loose: FaceBox, others: Sequence[FaceBox], height_px: int, width_px: int) -> bool:
    """Whether the box lies inside the picture for the most part, and on no other face."""
    inside = loose.clipped(width_px, height_px)
    if inside is None or inside.w * inside.h < MIN_INSIDE * loose.w * loose.h:
        return False
    return all(loose.iou(other) <= OTHER_IOU for other in others)


def faces_in_photos(faces: Sequence[FaceSample], name: str) -> list[FaceSample]:
    """At most `MAX_FACES` faces of a class that have surroundings in their pictures."""
    usable_faces = [
        face
        for face in faces
        if OUTPUTS[face.label] == name and face.box is not None and max(face.box[2:]) <= MAX_SIDE
    ]
    if len(usable_faces) <= MAX_FACES:
        return usable_faces
    chosen = np.linspace(0, len(usable_faces) - 1, MAX_FACES).astype(int)
    return [usable_faces[i] for i in chosen]


@dataclass(frozen=True, slots=True)
class LooseTest:
    """Crops of loose boxes around faces of one class.

    Attributes:
        of: the class.
        boxes: N of them.
        crops: uint8 RGB (N, 128, 128, 3).
    """

    of: str
    boxes: list[LooseBox]
    crops: NDArray[np.uint8]


def loose_tests(faces: Sequence[FaceSample]) -> Iterator[LooseTest]:
    """Loose boxes around bare faces, then around masked ones, of photographs in the tests."""
    for name in (WITHOUT_MASK, WITH_MASK):
        boxes: list[LooseBox] = []
        crops: list[NDArray[np.uint8]] = []
        for surroundings in _surroundings(faces, name):
            boxes += surroundings.boxes
            crops += [face_crop(surroundings.rgb, loose.box) for loose in surroundings.boxes]
        if crops:
            yield LooseTest(name, boxes, np.stack(crops))


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """The loose boxes of one face in its photograph, and the boxes of all faces there, px."""

    rgb: RgbImage
    boxes: list[LooseBox]
    faces: list[FaceBox]


def _surroundings(faces: Sequence[FaceSample], name: str) -> Iterator[_Surroundings]:
    by_photo: dict[object, list[FaceSample]] = {}
    for face in faces:
        by_photo.setdefault(face.path, []).append(face)
    for i, face in enumerate(faces_in_photos(faces, name)):
        rgb = read_rgb(face.path)
        size = rgb.shape[:2]
        own = face_box(face, *size)
        others = [
            box_px(other.box, *size)
            for other in by_photo[face.path]
            if other.box is not None and other.box != face.box
        ]
        all_loose = loosened(own, to_the_right=i % 2 == 0)
        boxes = [loose for loose in all_loose if usable(loose.box, others, *size)]
        yield _Surroundings(rgb, boxes, [own, *others])


def checked_rates(faces: Sequence[FaceSample], detector: MaskDetector) -> list[RateRecord]:
    """What the whole check shows of loose boxes around bare faces, each its only proposal.

    The finder drops a proposal or moves it onto a face, and finder and network decide together
    what is shown. A box on a labelled face is right, unless it is called a mask.

    Args:
        faces: of the tests.
        detector: as the app loads it; without Maskdet's own finder there are no rates.
    """
    if not isinstance(detector.finder, CascadeFaceFinder):
        return []
    n = n_shown = n_masks = 0
    for around in _surroundings(faces, WITHOUT_MASK):
        height, width = around.rgb.shape[:2]
        least_px = detector.min_face_px_in(width, height)
        for loose in around.boxes:
            moved = detector.finder.verify(around.rgb, [loose.box], min_face_px=least_px)
            shown = detector.judge(around.rgb, moved).faces
            n += 1
            n_shown += any(
                all(face.box.iou(labelled) < DRAWN_IOU for labelled in around.faces)
                for face in shown
            )
            n_masks += any(face.verdict is Verdict.WITH_MASK for face in shown)
    if not n:
        return []
    return [
        {
            "slug": "loose-proposed-mask",
            "name": "Loose boxes around bare faces, proposed to the whole check, called “mask”",
            **share_of(n_masks, n),
        },
        {
            "slug": "loose-proposed-shown",
            "name": "Loose boxes around bare faces, proposed to the whole check, shown on no face",
            **share_of(n_shown, n),
        },
    ]


def measure_loose(
    test: LooseTest, logits: NDArray[np.float64], manifest: ModelManifest
) -> list[LooseBoxRecord]:
    """One record for each size and place that has boxes.

    Args:
        test: the boxes.
        logits: (N, n_classes) of their crops.
        manifest: names the classes, the temperature and the thresholds.
    """
    predictions = predictions_from_logits(logits, manifest)
    said = verdicts(class_probabilities(predictions), manifest.min_confidence)
    is_mask = said == WITH_MASK_AT
    shown = predictions.p_face >= manifest.min_face_probability
    records: list[LooseBoxRecord] = []
    for factor in FACTORS:
        for place in PLACES:
            here = np.array([b.factor == factor and b.place == place for b in test.boxes])
            n = int(here.sum())
            if n:
                records.append(
                    {
                        "of": test.of,
                        "factor": factor,
                        "place": place,
                        "outcomes": outcome_counts(said[here]),
                        "called_mask": share_of(int((here & is_mask).sum()), n),
                        "shown": share_of(int((here & shown).sum()), n),
                        "shown_mask": share_of(int((here & shown & is_mask).sum()), n),
                    }
                )
    return records


def loose_rates(records: Sequence[LooseBoxRecord]) -> list[RateRecord]:
    """Loose boxes around bare faces, all sizes and places together.

    Boxes of one face are not independent of each other, so that the intervals are too narrow.
    """
    bare = [one for one in records if one["of"] == WITHOUT_MASK]
    if not bare:
        return []
    return [
        {
            "slug": "loose-called-mask",
            "name": "Loose boxes around bare faces, verdict “mask”, shown or not",
            **_joined([one["called_mask"] for one in bare]),
        },
        {
            "slug": "loose-shown-mask",
            "name": "Loose boxes around bare faces, shown as “mask”",
            **_joined([one["shown_mask"] for one in bare]),
        },
        {
            "slug": "loose-shown",
            "name": "Loose boxes around bare faces, shown at all",
            **_joined([one["shown"] for one in bare]),
        },
    ]


def _joined(shares: Sequence[ShareRecord]) -> ShareRecord:
    return share_of(sum(one["n_hits"] for one in shares), sum(one["n"] for one in shares))
