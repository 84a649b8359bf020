"""Faces and scenes of photographs with hand-drawn boxes: what street proposals learn from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from maskdet_core.faces.nms import Boxes
from maskdet_core.faces.windows import boxes_of
from train.data.annotations.photos import LabelledPhoto, windows_around
from train.data.splits.finder_data import KnownFace, Scene

LEAST_SIDE_PX: Final = 18.0
"""Faces with a smaller window are none to learn from: nobody can tell."""
LEAST_HELD_PX: Final = 24.0
"""Thresholds are set by faces that are searched for."""
HELD_SHARE: Final = 8
"""Every so many-th photograph is held out: the thresholds are set by its faces."""


def held_out(photos: Sequence[LabelledPhoto]) -> tuple[list[LabelledPhoto], list[LabelledPhoto]]:
    """Photographs to learn from, and those to set thresholds by."""
    return (
        [photo for number, photo in enumerate(photos) if number % HELD_SHARE],
        list(photos[::HELD_SHARE]),
    )


def drawn_faces(
    photos: Sequence[LabelledPhoto], least_px: float = LEAST_SIDE_PX
) -> list[KnownFace]:
    """The faces of photographs, in the reference framing.

    Who wears a mask wrongly counts as masked: no mask is to be painted over it.

    Args:
        photos: with their boxes.
        least_px: side of the smallest window around a face.
    """
    faces = []
    for photo in photos:
        windows = windows_around(photo.reference_boxes_px())
        boxes = [photo.fractions(box) for box in boxes_of(windows).tolist()]
        faces += [
            KnownFace(photo.path, box, masked=label != "without_mask", in_photo=True)
            for box, label, (_, _, side) in zip(boxes, photo.labels, windows, strict=True)
            if side >= least_px
        ]
    return faces


def drawn_scenes(photos: Sequence[LabelledPhoto], doubtful: Mapping[Path, Boxes]) -> list[Scene]:
    """Photographs to mine, with the boxes that are no negatives: faces, and what may be one.

    Args:
        photos: with the boxes of their faces.
        doubtful: further boxes (N, 4), px, that may show faces, by picture.
    """
    none = np.empty((0, 4))
    return [
        Scene(
            photo.path,
            tuple(
                photo.fractions(box)
                for box in np.vstack(
                    [photo.reference_boxes_px(), doubtful.get(photo.path, none)]
                ).tolist()
            ),
        )
        for photo in photos
    ]
