"""What the network is trained on: batches of faces, with a teacher's lessons."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from train.data.faces.datasets import FaceSample
from train.network.batches import AugmentedFaces, PlainFaces
from train.network.distil import Lesson, targets

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


class TrainingInputs(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Augmented faces, with lessons.

    Args:
        faces: batches.
        samples: that `faces` draws from.
        lessons: what a teacher says of samples; a face that became another class by a drawn mask
            has none.
    """

    def __init__(
        self,
        faces: AugmentedFaces,
        samples: Sequence[FaceSample],
        lessons: Mapping[FaceSample, Lesson],
    ) -> None:
        super().__init__(workers=faces.workers, use_multiprocessing=False, max_queue_size=8)
        self._faces, self._samples = faces, samples
        self._lessons = lessons

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, index: int) -> Batch:
        drawn = self._faces.drawn(index)
        lessons = [
            None if relabelled else self._lessons.get(self._samples[member])
            for member, relabelled in zip(drawn.members, drawn.relabelled, strict=True)
        ]
        return drawn.crops.astype(np.float32), targets(drawn.labels, lessons)

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        self._faces.on_epoch_end()


class ValidationInputs(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Plain faces, by labels alone."""

    def __init__(self, faces: PlainFaces) -> None:
        super().__init__(workers=1)
        self._faces = faces

    def __len__(self) -> int:
        return len(self._faces)

    def __getitem__(self, index: int) -> Batch:
        crops, labels = self._faces[index]
        return crops, targets(labels)
