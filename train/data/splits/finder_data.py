"""Faces and scenes to train the face finder on, photographs to tune and test it on."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from train.data.annotations.boxes import BOXES_FILE, SIDE_OVER_BOX, Box, box_of, read_boxes
from train.data.annotations.photos import PHOTOS_FILE, LabelledPhoto
from train.data.annotations.seen_boxes import seen_boxes
from train.data.faces.datasets import CLASSES, FaceSample
from train.data.faces.images import read_grey
from train.data.splits.split import Split
from train.errors import DataError

MIN_REFERENCE_SCORE = 0.5
"""Reference boxes of face crops with a lower score are neither trained on nor mined."""

WHOLE_CROP: Box = (0.04, 0.03, 0.92, 0.94)
"""Where the face lies in a face crop without a reference box, as in street-853: its publisher cut
them a little wider than the reference detector does."""

MIN_SIDE_PX = 20.0
"""Faces with a smaller window lack detail to learn from."""

MIN_VISIBLE = {"photo": 0.80, "masked": 0.72, "bare": 0.88}
"""Least share of a face's window inside its picture, by source: the rest would be replicated
border. Masked crops are scarcer than bare ones, so tighter ones are taken."""

CROPS_PER_PHOTO = 0.5
"""Face crops that are mined beside each whole photograph: they show eyes, mouths and masks, but no
background."""

_MASKED = CLASSES.index("with_mask")

Square = tuple[float, float, float]
"""Centre x, centre y and side, px."""


@dataclass(frozen=True, slots=True)
class KnownFace:
    """One face with its reference box.

    Attributes:
        path: its picture.
        box: in fractions of the picture.
        masked: its class.
        in_photo: False where the picture is a face crop.
    """

    path: Path
    box: Box
    masked: bool
    in_photo: bool

    def square(self, width_px: int, height_px: int) -> Square:
        """The window around the face in a picture of this size."""
        x, y, w, h = self.box
        side = SIDE_OVER_BOX * float(np.sqrt(w * width_px * h * height_px))
        return (x + w / 2) * width_px, (y + h / 2) * height_px, side


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture to mine, with what must not be mined.

    Attributes:
        path: the picture.
        boxes: its faces, (x, y, w, h) in fractions.
        is_crop: whether it is a face crop.
    """

    path: Path
    boxes: tuple[Box, ...]
    is_crop: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """One held-out photograph.

    Attributes:
        path: the picture.
        name: its name within the sets.
        masked: its class.
        boxes: its main people, as `train.data.faces.datasets` selects them.
        others: people in the background, partial faces and doubtful boxes; a find there is neither
            right nor wrong.
        published_test: whether its publisher put it into the test part.
    """

    path: Path
    name: str
    masked: bool
    boxes: tuple[Box, ...]
    others: tuple[Box, ...]
    published_test: bool


@dataclass(frozen=True)
class FinderData:
    """Data of one training of the face finder; no group of the split lies on two sides."""

    faces: list[KnownFace] = field(default_factory=list)
    held_faces: list[KnownFace] = field(default_factory=list)
    scenes: list[Scene] = field(default_factory=list)
    tune: list[Photo] = field(default_factory=list)
    test: list[Photo] = field(default_factory=list)


def finder_data(roots: Sequence[Path], split: Split) -> FinderData:
    """Sort the sets' faces by the split of the classifier.

    `faces` and `scenes` come from the training part, `held_faces` from validation and from the
    face crops of the leak-free test. The held-out photographs are in `tune`, for choices, and
    in `test`, the publisher's own test part, for final figures only.

    Args:
        roots: folders of the sets.
        split: of the same sets.

    Raises:
        DataError: no photographs with boxes, or none held out.
    """
    data = FinderData()
    boxes = {root.name: read_boxes(root) for root in roots if (root / BOXES_FILE).is_file()}
    # a held-out photograph has one class; those labelled by the face have several
    by_hand = {root.name for root in roots if (root / PHOTOS_FILE).is_file()}
    for side, samples in enumerate((split.train, split.validation, split.leak_free_test)):
        by_path: dict[Path, list[FaceSample]] = defaultdict(list)
        for sample in samples:
            by_path[sample.path].append(sample)
        for path, people in by_path.items():
            name = "/".join(path.parts[-3:])
            known = boxes.get(people[0].dataset, {}).get(name, [])
            if not people[0].in_photo:
                _add_crop(data, side, people[0], known, people[0].dataset in boxes)
            elif side == 0 or people[0].dataset not in by_hand:
                _add_photo(data, side, name, people)
    photos = [scene for scene in data.scenes if not scene.is_crop]
    crops = [scene for scene in data.scenes if scene.is_crop]
    step = max(1, round(len(crops) / max(1, len(photos) * CROPS_PER_PHOTO)))
    data.scenes[:] = [*photos, *crops[::step]]
    if not data.scenes or not data.tune or not data.test:
        raise DataError(
            "expected a set of whole photographs with boxes.json, for training and for testing"
        )
    return data


def held_out_photos(roots: Sequence[Path], split: Split) -> tuple[list[Photo], list[Photo]]:
    """Photographs to tune by and photographs to test on; none where all sets hold crops."""
    try:
        data = finder_data(roots, split)
    except DataError:
        return [], []
    return data.tune, data.test


def photos_of(scenes: Sequence[Scene]) -> list[LabelledPhoto]:
    """The photographs among training scenes, whose boxes are a neural detector's."""
    photos = []
    for scene in scenes:
        if scene.is_crop:
            continue
        height, width = read_grey(scene.path).shape
        boxes = [(x * width, y * height, w * width, h * height) for x, y, w, h in scene.boxes]
        # the detector misses some faces, masked ones above all
        photos.append(
            LabelledPhoto(
                scene.path,
                width,
                height,
                "train",
                tuple(boxes),
                ("",) * len(boxes),
                complete=False,
                seen=seen_boxes(scene.path),
            )
        )
    return photos


def _add_photo(data: FinderData, side: int, name: str, people: list[FaceSample]) -> None:
    main = tuple(sample.box for sample in people if sample.box is not None)
    others = tuple(box for box in people[0].others if box not in main)
    faces = [face for one in people if one.box is not None for face in _faces(one, one.box)]
    masked = people[0].label == _MASKED
    if side == 0:
        data.scenes.append(Scene(people[0].path, (*main, *others)))
        data.faces.extend(faces)
        return
    published = people[0].published_split == "test"
    photo = Photo(people[0].path, name, masked, main, others, published)
    (data.test if published else data.tune).append(photo)
    if side == 1:
        data.held_faces.extend(faces)


def _add_crop(
    data: FinderData, side: int, sample: FaceSample, known: list[list[float]], has_boxes: bool
) -> None:
    if side == 0 and known:
        data.scenes.append(Scene(sample.path, tuple(box_of(b) for b in known), is_crop=True))
    if has_boxes:
        confident = [box for box in known if box[4] >= MIN_REFERENCE_SCORE]
        boxes = [box_of(max(confident, key=lambda box: box[2] * box[3]))] if confident else []
    else:
        boxes = [sample.box or WHOLE_CROP]
    found = [face for box in boxes for face in _faces(sample, box)]
    (data.faces if side == 0 else data.held_faces).extend(found)


def _faces(sample: FaceSample, box: Box) -> list[KnownFace]:
    """The face, if it is large enough and lies mostly inside its picture."""
    masked, in_photo = sample.label == _MASKED, sample.in_photo
    min_visible = MIN_VISIBLE["photo" if in_photo else "masked" if masked else "bare"]
    face = KnownFace(sample.path, box, masked, in_photo)
    height, width = read_grey(sample.path).shape
    cx, cy, side = face.square(width, height)
    across = min(width, cx + side / 2) - max(0, cx - side / 2)
    down = min(height, cy + side / 2) - max(0, cy - side / 2)
    visible = max(0.0, across) * max(0.0, down) / side**2
    return [face] if side >= MIN_SIDE_PX and (visible >= min_visible or box == WHOLE_CROP) else []
