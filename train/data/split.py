"""A split by source picture, so that no relative of a test picture is trained on.

Pictures are joined into groups when they are copies of one source by name (`Augmented_<n>_<id>` and
the plain numbering of the 12k set) or look alike (difference hash, also mirrored, over all sets).
Each whole group then goes to one side by the hash of its smallest key: deterministic, and stable
when pictures of other groups are added.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.types import WITH_MASK, WITHOUT_MASK
from train.data.datasets import CLASSES, FaceSample
from train.data.images import read_rgb
from train.errors import DataError

TEST_SHARE = 0.12
VALIDATION_SHARE = 0.06
MAX_HASH_DISTANCE = 5
"""Bits of 128 that two pictures may differ in and still count as one source. Pictures of strangers
differ in about half of the bits; a few allow for re-encoding and slight cropping."""

_AUGMENTED = re.compile(r"^Augmented_(\d+)_\d+$")
_POPCOUNT = np.array([bin(i).count("1") for i in range(256)], np.uint8)


@dataclass(frozen=True)
class Split:
    """Faces by side; `published_test` is the publisher's own test part and is never trained on."""

    train: list[FaceSample]
    validation: list[FaceSample]
    leak_free_test: list[FaceSample]
    published_test: list[FaceSample]
    n_published_test_with_relative: int


def difference_hash(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """128-bit difference hash, packed in 16 bytes, of an RGB picture of shape (H, W, 3).

    Horizontal and vertical brightness steps on an 8×8 grid, after Krawetz's dHash.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    across = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    down = cv2.resize(grey, (8, 9), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.concatenate(
        [
            (np.diff(across, axis=1) > 0).ravel(),
            (np.diff(down, axis=0) > 0).ravel(),
        ]
    )
    return np.packbits(bits)


def group_samples(samples: Sequence[FaceSample]) -> list[int]:
    """Group number of each sample; samples of one number show one source picture."""
    parent = list(range(len(samples)))

    def find(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(i: int, j: int) -> None:
        a, b = find(i), find(j)
        parent[max(a, b)] = min(a, b)

    by_source: dict[tuple[str, int, str], int] = {}
    for i, sample in enumerate(samples):
        augmented = _AUGMENTED.match(sample.path.stem)
        source = augmented.group(1) if augmented else sample.path.stem
        name = (sample.dataset, sample.label, source if augmented else f"={source}")
        if sample.box is not None:
            name = (sample.dataset, sample.label, f"photo {sample.path}")
        join(by_source.setdefault(name, i), i)

    pictures = [read_rgb(s.path) for s in samples]
    hashes = np.stack([difference_hash(p) for p in pictures])
    mirrored = np.stack([difference_hash(p[:, ::-1]) for p in pictures])
    del pictures
    for queries in (hashes, mirrored):
        for i in range(len(samples)):
            distance = _POPCOUNT[hashes[i + 1 :] ^ queries[i]].sum(axis=1)
            for j in np.flatnonzero(distance <= MAX_HASH_DISTANCE):
                join(i, i + 1 + int(j))
    return [find(i) for i in range(len(samples))]


def split_samples(samples: Sequence[FaceSample], hold_out: Collection[str] = ()) -> Split:
    """Sort faces into training, validation, leak-free test and the published test part.

    Args:
        samples: of all sets.
        hold_out: sets whose faces, and look-alikes of them in other sets, are neither trained on
            nor validated with; the test parts stay as they are without it.

    Raises:
        DataError: there are no samples, or a set to hold out is not among them.
    """
    if not samples:
        raise DataError("expected faces, found none: do the boxes belong to these pictures?")
    missing = sorted(set(hold_out) - {sample.dataset for sample in samples})
    if missing:
        raise DataError(f"expected the picture sets to hold out, missing: {', '.join(missing)}")
    groups = group_samples(samples)
    keys: dict[int, str] = {}
    published_splits: dict[int, set[str]] = defaultdict(set)
    whole_photo_test: set[int] = set()
    held_out: set[int] = set()
    for sample, group in zip(samples, groups, strict=True):
        keys[group] = min(keys.get(group, sample.key), sample.key)
        published_splits[group].add(sample.published_split)
        if sample.box is not None and sample.published_split == "test":
            whole_photo_test.add(group)
        if sample.dataset in hold_out:
            held_out.add(group)
    split = Split([], [], [], [], 0)
    n_related = 0
    for sample, group in zip(samples, groups, strict=True):
        share = _share(keys[group])
        if sample.published_split == "test":
            split.published_test.append(sample)
            n_related += "train" in published_splits[group]
        if group in whole_photo_test or share < TEST_SHARE:
            split.leak_free_test.append(sample)
        elif group in held_out:
            continue
        elif share < TEST_SHARE + VALIDATION_SHARE:
            split.validation.append(sample)
        elif sample.published_split != "test":
            split.train.append(sample)
    return Split(
        split.train, split.validation, split.leak_free_test, split.published_test, n_related
    )


def require_trainable(split: Split) -> None:
    """Refuse sets too small to train on.

    Raises:
        DataError: a class has no face to train on, or there is none to validate with.
    """
    n_train = [sum(s.label == i for s in split.train) for i in range(len(CLASSES))]
    needed = [n_train[CLASSES.index(name)] for name in (WITH_MASK, WITHOUT_MASK)]
    if all(needed) and split.validation:
        return
    counts = " and ".join(f"{n} {name}" for n, name in zip(n_train, CLASSES, strict=True))
    raise DataError(
        "expected faces of every class to train on and others to validate with, got "
        f"{counts} to train on and {len(split.validation)} to validate with: add pictures"
    )


def _share(key: str) -> float:
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
