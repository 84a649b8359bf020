"""The test sets of a network: published, leak-free, streets, something at the mouth; hard parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import WORN_WRONG
from train.augment.hands import split_hands
from train.augment.objects import hold_object
from train.data.faces.datasets import OUTPUTS, FaceSample
from train.data.faces.images import plain_crop
from train.data.splits.split import Split, group_samples
from train.evaluate.slices import SMALL_PX, Crops, side_px, slices, with_hands, with_things

ORIGINAL_SETS = ("face-mask-12k", "covid-face-mask")
"""The two picture sets of the original project, which measured both together."""

_PUBLISHED = "The publisher's own test part; relatives of its pictures may have been trained on."
_LEAK_FREE = "No picture here, nor a copy or look-alike of it, was trained on."
_HANDS = (
    "The leak-free test with a hand of a student never trained on laid over every bare mouth, and "
    "over or beside every mask; some hands hold a cup."
)

_OBJECTS = (
    "The leak-free test with cups, telephones, food and the like drawn before every bare mouth, "
    "and before or beside every mask, by the code that training draws them with."
)
_STREET = (
    "Test and validation part of whole photographs, boxes as drawn by hand; no picture here, nor a "
    "look-alike of it, was trained on."
)
_WILD = "The publisher's own test part, looked through by eye; no look-alike was trained on."

STREET_MIN_PX = 24
"""Longer side of the smallest faces tested in photographs; labels of smaller ones are guesses."""

Member = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Part:
    """Some faces of a test.

    Attributes:
        slug: name for files and links.
        name: in words.
        members: (N,) which of the test's faces.
    """

    slug: str
    name: str
    members: Member


@dataclass(frozen=True, slots=True)
class FaceTest:
    """Labelled faces and the parts of them to report.

    Attributes:
        note: what can be concluded from them.
        faces: N of them.
        crops: the network's input, uint8 RGB (N, 128, 128, 3).
        parts: what to report; the first may be all faces.
    """

    note: str
    faces: list[FaceSample]
    crops: NDArray[np.uint8]
    parts: list[Part] = field(default_factory=list)


def published(split: Split) -> Iterator[FaceTest]:
    """The given test part of each set, and those of the original project together.

    Sets with a test of their own, in streets or in the wild, are left to it.
    """
    own = {s.dataset for s in (*split.street_test, *split.wild_test)}
    faces = [s for s in split.published_test if s.dataset not in own]
    if not faces:
        return
    crops = crops_of(faces)
    parts = []
    sets = np.array([s.dataset for s in faces])
    names = sorted(set(sets))
    large = slices(faces, crops)[f"{SMALL_PX} px and more"]
    for name in names:
        here = sets == name
        parts.append(Part(f"{name}-test", f"{name}, given Test", here))
        if 0 < (here & large).sum() < here.sum():
            words = f"{name}, given Test, {SMALL_PX} px and more"
            parts.append(Part(f"{name}-test-large", words, here & large))
    if set(ORIGINAL_SETS) <= set(names):
        both = np.isin(sets, ORIGINAL_SETS)
        parts.append(Part("original-sets-test", f"{' and '.join(ORIGINAL_SETS)}, given Test", both))
    yield FaceTest(_PUBLISHED, list(faces), crops, parts)


def leak_free(split: Split) -> FaceTest:
    """Faces without a relative in the training part: all, by set, and the hard ones.

    Mask against bare, as before there was a third class; masks worn wrong are a part of their own.
    """
    faces = list(split.leak_free_test)
    crops = crops_of(faces)
    two = np.array([OUTPUTS[s.label] != WORN_WRONG for s in faces])
    parts = [
        Part("leak-free", "Leak-free, all sets", two),
        Part("leak-free-sources", "Leak-free, one crop a picture", two & _first_of_source(faces)),
    ]
    members = {
        name: np.array([s.dataset == name for s in faces])
        for name in sorted({s.dataset for s in faces})
    }
    for words, here in (members | slices(faces, crops)).items():
        slug = "leak-free-" + words.replace(" ", "-")
        parts.append(Part(slug, f"Leak-free, {words}", here & two))
    parts.append(Part("leak-free-worn-wrong", "Leak-free, worn wrong", ~two))
    return FaceTest(_LEAK_FREE, faces, crops, [part for part in parts if part.members.any()])


def _first_of_source(faces: Sequence[FaceSample]) -> Member:
    """Which faces are the first by key of their source picture, (N,).

    Copies of one picture are right or wrong together: counted each, seven copies of one odd picture
    weigh as seven people, and an interval that takes them for independent is too narrow.
    """
    first: dict[tuple[int, int], int] = {}
    groups = group_samples(faces)
    for i in sorted(range(len(faces)), key=lambda i: faces[i].key):
        # a group may hold people with and without a mask, of one photograph
        first.setdefault((groups[i], faces[i].label), i)
    members = np.zeros(len(faces), np.bool_)
    members[list(first.values())] = True
    return members


def street(split: Split) -> Iterator[FaceTest]:
    """Faces of whole photographs with hand-drawn boxes, by size."""
    faces = [s for s in split.street_test if side_px(s) >= STREET_MIN_PX]
    words = f"Street photographs, {STREET_MIN_PX} px and more"
    yield from _whole_and_hard_parts("street", words, _STREET, faces)


def wild(split: Split) -> Iterator[FaceTest]:
    """Face crops in sports, crowds and streets, many of them hard."""
    yield from _whole_and_hard_parts("wild", "Faces in the wild", _WILD, split.wild_test)


def hands(split: Split, folder: Path) -> FaceTest:
    """The leak-free faces with hands of students that were not trained on."""
    faces = mask_or_bare(split)
    parts = [Part("hands", "With hands, all sets", np.ones(len(faces), np.bool_))]
    return FaceTest(_HANDS, faces, with_hands(faces, split_hands(folder)[1]), parts)


def objects(split: Split) -> Iterator[FaceTest]:
    """The leak-free faces with drawn objects."""
    faces = mask_or_bare(split)
    if faces:
        parts = [Part("objects", "With objects, all sets", np.ones(len(faces), np.bool_))]
        yield FaceTest(_OBJECTS, faces, with_things(faces, hold_object), parts)


def mask_or_bare(split: Split) -> list[FaceSample]:
    """The leak-free faces without those of masks worn wrong."""
    return [s for s in split.leak_free_test if OUTPUTS[s.label] != WORN_WRONG]


def _whole_and_hard_parts(
    slug: str, name: str, note: str, faces: Sequence[FaceSample]
) -> Iterator[FaceTest]:
    if not faces:
        return
    crops = crops_of(faces)
    parts = [Part(slug, name, np.ones(len(faces), np.bool_))]
    parts += [
        Part(f"{slug}-{words.replace(' ', '-')}", f"{name}, {words}", here)
        for words, here in slices(faces, crops).items()
        if here.any() and not here.all()
    ]
    yield FaceTest(note, list(faces), crops, parts)


def held_out(split: Split, dataset: str) -> FaceTest:
    """The given test part of a set, for a network that was trained without the set."""
    faces = [s for s in split.published_test if s.dataset == dataset]
    crops = crops_of(faces)
    large = slices(faces, crops)[f"{SMALL_PX} px and more"]
    words = f"{dataset}, given Test, source kept out of training"
    parts = [
        Part(f"{dataset}-held-out", words, np.ones(len(faces), np.bool_)),
        Part(f"{dataset}-held-out-large", f"{words}, {SMALL_PX} px and more", large),
    ]
    note = "By a network of the same recipe that saw no picture of this source, nor a look-alike."
    return FaceTest(note, faces, crops, [part for part in parts if part.members.any()])


def crops_of(faces: Sequence[FaceSample]) -> Crops:
    """Plain crops, uint8 RGB (N, 128, 128, 3)."""
    return np.stack([plain_crop(s) for s in faces])
