"""Batches for Keras, streamed from disk; each depends on seed, epoch and index alone."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from train.augment.faces import augmented_crop
from train.augment.hands import HandPaster
from train.data.datasets import FaceSample
from train.data.images import plain_crop
from train.network.config import FitConfig

PATTERN = (0, 1, 2, 0, 1, 2, 3)
"""Outputs in the order in which their pictures are drawn: faces of all classes equally often, one
picture in seven a hard negative. An output without pictures is left out."""

Batch = tuple[NDArray[np.float32], NDArray[np.int32]]


class AugmentedFaces(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Endless augmented faces, the outputs alternating (`PATTERN`), an epoch at a time.

    Args:
        samples: faces and hard negatives to draw from.
        config: batch size, faces an epoch, balance of the sets, augmentation, and the seed that,
            with the epoch, fixes every batch: a resumed run gets the batches it would have had.
        epoch: epoch to start at, from 0.
        hands: lays hands over faces, or None.
        workers: threads that make batches.
    """

    def __init__(
        self,
        samples: Sequence[FaceSample],
        config: FitConfig,
        *,
        epoch: int,
        hands: HandPaster | None,
        workers: int = 2,
    ) -> None:
        super().__init__(workers=workers, use_multiprocessing=False, max_queue_size=8)
        self._samples, self._config, self._hands = samples, config, hands
        self._epoch = epoch
        self._n_batches = max(1, config.epoch_samples // config.batch_size)
        self._order = self._draw_order()

    def __len__(self) -> int:
        return self._n_batches

    def samples_of(self, index: int) -> list[FaceSample]:
        """The samples that a batch is made of, in its order."""
        size = self._config.batch_size
        return [self._samples[i] for i in self._order[index * size : (index + 1) * size]]

    def __getitem__(self, index: int) -> Batch:
        config = self._config
        first = index * config.batch_size
        faces, labels = [], []
        for position, sample in enumerate(self.samples_of(index), first):
            rng = np.random.default_rng((config.seed, self._epoch, position))
            faces.append(augmented_crop(sample, rng, config.augment, self._hands))
            labels.append(sample.label)
        return np.stack(faces).astype(np.float32), np.array(labels, np.int32)

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self._epoch += 1
        self._order = self._draw_order()

    def _draw_order(self) -> NDArray[np.int64]:
        rng = np.random.default_rng((self._config.seed, self._epoch))
        members: dict[int, dict[str, list[int]]] = {}
        for i, sample in enumerate(self._samples):
            members.setdefault(sample.label, {}).setdefault(sample.dataset, []).append(i)
        pattern = [label for label in PATTERN if label in members]
        n = self._n_batches * self._config.batch_size
        labels = np.resize(np.array(pattern), n)
        order = np.empty(n, np.int64)
        for label in sorted(set(pattern)):
            places = rng.permutation(np.flatnonzero(labels == label))
            sets = [members[label][name] for name in sorted(members[label])]
            shares = np.array([len(one) for one in sets], float) ** self._config.set_balance
            ends = np.round(np.cumsum(shares / shares.sum()) * len(places)).astype(int)
            for one, chosen in zip(sets, np.split(places, ends[:-1]), strict=True):
                repeats = -(-len(chosen) // len(one))
                drawn = [rng.permutation(one) for _ in range(repeats)]
                order[chosen] = np.concatenate(drawn)[: len(chosen)] if drawn else []
        return order


class PlainFaces(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Faces as they are, in order: for validation."""

    def __init__(self, samples: Sequence[FaceSample], *, batch_size: int) -> None:
        super().__init__(workers=1)
        self._samples, self._batch_size = samples, batch_size

    def __len__(self) -> int:
        return -(-len(self._samples) // self._batch_size)

    def __getitem__(self, index: int) -> Batch:
        part = self._samples[index * self._batch_size : (index + 1) * self._batch_size]
        faces = np.stack([plain_crop(s) for s in part]).astype(np.float32)
        return faces, np.array([s.label for s in part], np.int32)
