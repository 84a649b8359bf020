"""The test sets of a network: published, leak-free, with hands, and their hard parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.augment.hands import split_hands
from train.data.datasets import FaceSample
from train.data.images import plain_crop
from train.data.split import Split
from train.evaluate.slices import SMALL_PX, slices, with_hands

ORIGINAL_SETS = ("face-mask-12k", "covid-face-mask")
"""The two picture sets of the original project, which measured both together."""

_PUBLISHED = "The publisher's own test part; relatives of its pictures may have been trained on."
_LEAK_FREE = "No picture here, nor a copy or look-alike of it, was trained on."
_HANDS = (
    "The leak-free test with a hand of a student never trained on laid over every bare mouth, and "
    "over or beside every mask; some hands hold a cup."
)

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
    """The given test part of each set, and those of the original project together."""
    faces = split.published_test
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
    """Faces without a relative in the training part: all, by set, and the hard ones."""
    faces = split.leak_free_test
    crops = crops_of(faces)
    parts = [Part("leak-free", "Leak-free, all sets", np.ones(len(faces), np.bool_))]
    members = {
        name: np.array([s.dataset == name for s in faces])
        for name in sorted({s.dataset for s in faces})
    }
    for words, here in (members | slices(faces, crops)).items():
        if here.any():
            slug = "leak-free-" + words.replace(" ", "-")
            parts.append(Part(slug, f"Leak-free, {words}", here))
    return FaceTest(_LEAK_FREE, list(faces), crops, parts)


def hands(split: Split, folder: Path) -> FaceTest:
    """The leak-free faces with hands of students that were not trained on."""
    faces = split.leak_free_test
    parts = [Part("hands", "With hands, all sets", np.ones(len(faces), np.bool_))]
    return FaceTest(_HANDS, list(faces), with_hands(faces, split_hands(folder)[1]), parts)


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


def crops_of(faces: Sequence[FaceSample]) -> NDArray[np.uint8]:
    """Plain crops, uint8 RGB (N, 128, 128, 3)."""
    return np.stack([plain_crop(s) for s in faces])
