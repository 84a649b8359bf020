"""What the network is trained on: batches at a phase's size, targets by its own outputs."""

from collections.abc import Sequence
from typing import Protocol

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from train.data.datasets import OUTPUTS, FaceSample
from train.network.distil import Lesson, targets

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


class Faces(Protocol):
    """Batches of faces; see `train.network.batches`."""

    @property
    def workers(self) -> int:
        """Threads that make batches."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]: ...

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        ...


class TeachableFaces(Faces, Protocol):
    """Batches that name their samples, so that a teacher's lessons can be looked up."""

    def samples_of(self, index: int) -> list[FaceSample]:
        """The samples of a batch, in its order."""
        ...


class NetworkInputs(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Batches for one network and one phase.

    Args:
        faces: batches at the full size, labels by `OUTPUTS`.
        outputs: names of the network's logits; faces of other classes count for nothing.
        size_px: side that the crops are area-averaged to; the full size leaves them as they are.
        lessons: what a teacher says of the faces; None for labels alone.
    """

    def __init__(
        self,
        faces: Faces,
        outputs: Sequence[str],
        size_px: int,
        lessons: "Lessons | None" = None,
    ) -> None:
        super().__init__(workers=faces.workers, use_multiprocessing=False, max_queue_size=8)
        self._faces, self._size_px, self._lessons = faces, size_px, lessons
        self._index = np.array([outputs.index(n) if n in outputs else -1 for n in OUTPUTS])

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, index: int) -> Batch:
        crops, labels = self._faces[index]
        lessons = None if self._lessons is None else self._lessons.of_batch(index, labels)
        return resized(crops, self._size_px), targets(self._index[labels], lessons)

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        self._faces.on_epoch_end()


class Lessons:
    """A teacher's lessons for the batches of `faces`.

    Args:
        faces: batches.
        by_sample: lesson by sample, see `train.network.teacher`.
    """

    def __init__(self, faces: TeachableFaces, by_sample: dict[FaceSample, Lesson]) -> None:
        self._faces, self._by_sample = faces, by_sample

    def of_batch(self, index: int, labels: NDArray[np.int32]) -> list[Lesson | None]:
        """One lesson a face, None for faces that augmentation gave another label."""
        return [
            self._by_sample.get(sample) if sample.label == label else None
            for sample, label in zip(self._faces.samples_of(index), labels, strict=True)
        ]


def resized(crops: NDArray[np.float32], size_px: int) -> NDArray[np.float32]:
    """Crops (N, S, S, 3) averaged over areas to (N, size_px, size_px, 3)."""
    if crops.shape[1] == size_px:
        return crops
    size = (size_px, size_px)
    return np.stack([cv2.resize(crop, size, interpolation=cv2.INTER_AREA) for crop in crops])
