"""A split by source picture, so that no relative of a test picture is trained on.

Pictures are joined into groups when they are copies of one source by name (`Augmented_<n>_<id>` and
the plain numbering of the 12k set), show the same street photograph whole and as crops, or look
alike (difference hash, also mirrored, over all sets). Each whole group then goes to one side: by
its publisher's test and validation parts, or else by the hash of its smallest key: deterministic,
and stable when pictures of other groups are added.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from train.data.faces.datasets import OUTPUTS, REQUIRED, FaceSample
from train.data.faces.images import face_box, read_grey, read_rgb
from train.data.splits.look_alikes import difference_hash, look_alikes
from train.errors import DataError

TEST_SHARE = 0.12
VALIDATION_SHARE = 0.06

LEAKY_SETS: Final = frozenset({"face-mask-12k"})
"""Sets whose publisher's parts share sources: most of their test part has relatives in their
training part, so holding all of these back would cost a third of the masked faces. Their sources
are sorted again, by the hash."""

NAMED_TESTS: Final = {
    "street-photos": frozenset({"test", "validation"}),
    "faces-in-the-wild": frozenset({"test"}),
}
"""Sets with a test of their own, by the published parts that it takes; they are in no other."""

STREET_TEST_MIN_PX: Final = 24
"""Longer side of the smallest face box that is tested: that of the smallest the app looks for."""

_AUGMENTED = re.compile(r"^Augmented_(\d+)_\d+$")
_STREET_CROP = re.compile(r"^maksssksksss(\d+)_\d+$")
_STREET_PHOTO = re.compile(r"^street_(\d+)$")


@dataclass(frozen=True)
class Split:
    """Faces by side.

    Attributes:
        train: to learn from.
        validation: to choose and to calibrate by.
        leak_free_test: of the sets without a named test, no relative was trained on.
        published_test: the publisher's own test part of these sets, never trained on.
        n_published_test_with_relative: how many of these have a relative in the publisher's
            training part.
        street_test: faces of street-photos' test and val parts, `STREET_TEST_MIN_PX` and more; no
            relative was trained on or validated with.
        wild_test: faces-in-the-wild's test part; as above.
    """

    train: list[FaceSample]
    validation: list[FaceSample]
    leak_free_test: list[FaceSample]
    published_test: list[FaceSample]
    n_published_test_with_relative: int
    street_test: list[FaceSample] = field(default_factory=list)
    wild_test: list[FaceSample] = field(default_factory=list)


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
    first_of: dict[Path, int] = {}
    for i, sample in enumerate(samples):
        join(by_source.setdefault(_source(sample), i), i)
        first_of.setdefault(sample.path, i)
    members = list(first_of.values())
    both = np.array([_hashes(path) for path in first_of], np.uint8).reshape(-1, 2, 16)
    for a, b in look_alikes(both[:, 0], both[:, 1]):
        join(members[a], members[b])
    return [find(i) for i in range(len(samples))]


def _source(sample: FaceSample) -> tuple[str, int, str]:
    """What copies of one source picture have in common."""
    stem = sample.path.stem
    street = _STREET_PHOTO.match(stem) if sample.in_photo else _STREET_CROP.match(stem)
    if street:
        # street-853 holds crops of the photographs of street-photos, under the same numbers
        return ("street", 0, str(int(street.group(1))))
    if sample.in_photo:
        return (sample.dataset, 0, f"photo {sample.path}")
    augmented = _AUGMENTED.match(stem)
    name = augmented.group(1) if augmented else f"={stem}"
    return (sample.dataset, sample.label, name)


def _hashes(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    picture = read_rgb(path)
    return difference_hash(picture), difference_hash(picture[:, ::-1])


@dataclass
class _Group:
    """What decides the side of pictures that belong together.

    Attributes:
        key: smallest of their keys.
        published_train: some are in their publisher's training part.
        tested: some are in a test part that must not be learnt from.
        photo_test: some are photographs of a test part that has no named test.
        drawn: whether the hash may draw them for the leak-free test, `validation_drawn` for
            validation.
        published_validation: some are in a validation part that may be used as such.
        hold_out: some are of a set to hold out.
    """

    key: str
    published_train: bool = False
    tested: bool = False
    photo_test: bool = False
    drawn: bool = False
    validation_drawn: bool = False
    published_validation: bool = False
    hold_out: bool = False

    @property
    def is_leak_free_test(self) -> bool:
        return self.photo_test or (self.drawn and _share(self.key) < TEST_SHARE)

    @property
    def is_validation(self) -> bool:
        drawn = TEST_SHARE <= _share(self.key) < TEST_SHARE + VALIDATION_SHARE
        return self.published_validation or (self.validation_drawn and drawn)


def split_samples(samples: Sequence[FaceSample], hold_out: Collection[str] = ()) -> Split:
    """Sort faces into training, validation and tests.

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
    numbers = group_samples(samples)
    groups = _groups(samples, numbers, hold_out)
    split = Split([], [], [], [], 0)
    n_related = 0
    for sample, number in zip(samples, numbers, strict=True):
        group = groups[number]
        if sample.published_split in NAMED_TESTS.get(sample.dataset, ()):
            _add_to_named_test(split, sample)
            continue
        if sample.published_split == "test":
            split.published_test.append(sample)
            n_related += group.published_train
        if group.is_leak_free_test:
            if sample.dataset not in NAMED_TESTS:
                split.leak_free_test.append(sample)
        elif group.hold_out or group.tested:
            continue
        elif group.is_validation:
            split.validation.append(sample)
        elif sample.published_split != "test":
            split.train.append(sample)
    return replace(split, n_published_test_with_relative=n_related)


def _groups(
    samples: Sequence[FaceSample], numbers: Sequence[int], hold_out: Collection[str]
) -> dict[int, _Group]:
    with_validation = {
        s.dataset
        for s in samples
        if s.published_split == "validation"
        and s.dataset not in LEAKY_SETS
        and "validation" not in NAMED_TESTS.get(s.dataset, ())
    }
    groups: dict[int, _Group] = {}
    for sample, number in zip(samples, numbers, strict=True):
        group = groups.setdefault(number, _Group(sample.key))
        part, dataset = sample.published_split, sample.dataset
        named = NAMED_TESTS.get(dataset, frozenset())
        group.key = min(group.key, sample.key)
        group.published_train |= part == "train"
        group.tested |= part in named or (part == "test" and dataset not in LEAKY_SETS)
        group.photo_test |= part == "test" and sample.in_photo and not named
        group.drawn |= not named
        group.validation_drawn |= dataset not in with_validation
        group.published_validation |= part == "validation" and dataset in with_validation
        group.hold_out |= dataset in hold_out
    return groups


def _add_to_named_test(split: Split, sample: FaceSample) -> None:
    if not sample.in_photo:
        split.wild_test.append(sample)
        return
    box = face_box(sample, *read_grey(sample.path).shape)
    if max(box.w, box.h) >= STREET_TEST_MIN_PX:
        split.street_test.append(sample)


def require_trainable(split: Split) -> None:
    """Refuse sets too small to train on.

    Raises:
        DataError: a required class has no face to train on, or there is none to validate with.
    """
    n_train = [sum(OUTPUTS[s.label] == name for s in split.train) for name in REQUIRED]
    if all(n_train) and split.validation:
        return
    counts = " and ".join(f"{n} {name}" for n, name in zip(n_train, REQUIRED, strict=True))
    raise DataError(
        "expected faces of every class to train on and others to validate with, got "
        f"{counts} to train on and {len(split.validation)} to validate with: add pictures"
    )


def _share(key: str) -> float:
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
