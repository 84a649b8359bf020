"""What the network is trained on: batches at a phase's size, with a teacher's lessons."""

from collections.abc import Mapping, Sequence

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from train.data.datasets import FaceSample
from train.network.batches import AugmentedFaces, PlainFaces
from train.network.distil import Lesson, targets

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


class TrainingInputs(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Augmented faces for one phase.

    Args:
        faces: batches at the full size.
        samples: that `faces` draws from.
        size_px: side that the crops are area-averaged to; the full size leaves them as they are.
        lessons: what a teacher says of samples; a face that became another class by a drawn mask
            has none.
    """

    def __init__(
        self,
        faces: AugmentedFaces,
        samples: Sequence[FaceSample],
        size_px: int,
        lessons: Mapping[FaceSample, Lesson],
    ) -> None:
        super().__init__(workers=faces.workers, use_multiprocessing=False, max_queue_size=8)
        self._faces, self._samples = faces, samples
        self._size_px, self._lessons = size_px, lessons

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, index: int) -> Batch:
        drawn = self._faces.drawn(index)
        lessons = [
            None if relabelled else self._lessons.get(self._samples[member])
            for member, relabelled in zip(drawn.members, drawn.relabelled, strict=True)
        ]
        crops = resized(drawn.crops.astype(np.float32), self._size_px)
        return crops, targets(drawn.labels, lessons)

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        self._faces.on_epoch_end()


class ValidationInputs(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Plain faces at the full size, by labels alone."""

    def __init__(self, faces: PlainFaces) -> None:
        super().__init__(workers=1)
        self._faces = faces

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, index: int) -> Batch:
        crops, labels = self._faces[index]
        return crops, targets(labels)


def resized(crops: NDArray[np.float32], size_px: int) -> NDArray[np.float32]:
    """Crops (N, S, S, 3) averaged over areas to (N, size_px, size_px, 3)."""
    if crops.shape[1] == size_px:
        return crops
    size = (size_px, size_px)
    return np.stack([cv2.resize(crop, size, interpolation=cv2.INTER_AREA) for crop in crops])
