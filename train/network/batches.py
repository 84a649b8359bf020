"""Batches for Keras, streamed from disk; each depends on seed, epoch and index alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from train.augment.faces import AugmentConfig, augmented_crop
from train.augment.kit import EMPTY, AugmentKit
from train.data.faces.datasets import OUTPUTS, FaceSample
from train.data.faces.images import plain_crop
from train.network.config import FitConfig

PATTERN: Final = (
    *("with_mask", "without_mask", "worn_wrong", "false_alarm", "without_mask"),
    *("loose_box", "with_mask", "worn_wrong", "without_mask", "loose_box", "confirmed"),
)
"""Kinds of samples in the order in which they are drawn: classes of faces, and origins of pictures
without a face. Bare faces come more often, since masks drawn onto some of them make all three
classes about equally frequent. Loose boxes come twice as often as false alarms: they look more like
faces. False alarms that were confirmed by eye ("confirmed") have a share of their own: among the
others they would be one in fifteen. A kind without pictures is left out."""

Batch = tuple[NDArray[np.float32], NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class DrawnBatch:
    """One batch with where it comes from.

    Attributes:
        crops: uint8 RGB (N, 128, 128, 3).
        labels: int32 (N,), indices into the network's outputs.
        members: int64 (N,), indices of the samples that were augmented.
        relabelled: bool (N,), whether a drawn mask changed the sample's class.
    """

    crops: NDArray[np.uint8]
    labels: NDArray[np.int32]
    members: NDArray[np.int64]
    relabelled: NDArray[np.bool_]


class AugmentedFaces(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Endless augmented faces, the kinds alternating (`PATTERN`), an epoch at a time.

    Args:
        samples: faces and pictures without a face to draw from; those of a class that the network
            has no output for are never drawn.
        config: batch size, faces an epoch, balance of the sets, outputs, augmentation, and the
            seed that, with the epoch, fixes every batch: a resumed run gets the batches it would
            have had.
        epoch: epoch to start at, from 0.
        kit: what is laid over faces.
        workers: threads that make batches.
    """

    def __init__(
        self,
        samples: Sequence[FaceSample],
        config: FitConfig,
        *,
        epoch: int,
        kit: AugmentKit = EMPTY,
        workers: int = 2,
    ) -> None:
        super().__init__(workers=workers, use_multiprocessing=False, max_queue_size=8)
        self._samples, self._config, self._kit = samples, config, kit
        self._augment = augmentation_for(config)
        self._to_output = output_indices(config.network.outputs)
        self._epoch = epoch
        self._n_batches = max(1, config.epoch_samples // config.batch_size)
        self._order = self._draw_order()

    def __len__(self) -> int:
        return self._n_batches

    def __getitem__(self, index: int) -> Batch:
        drawn = self.drawn(index)
        return drawn.crops.astype(np.float32), drawn.labels

    def drawn(self, index: int) -> DrawnBatch:
        """The batch of this index in the present epoch, with its samples."""
        size = self._config.batch_size
        members = self._order[index * size : (index + 1) * size]
        crops, labels, relabelled = [], [], []
        for position, member in enumerate(members, index * size):
            sample = self._samples[member]
            rng = np.random.default_rng((self._config.seed, self._epoch, position))
            crop, label = augmented_crop(sample, rng, self._augment, self._kit)
            crops.append(crop)
            labels.append(self._to_output[label])
            relabelled.append(label != sample.label)
        return DrawnBatch(
            np.stack(crops),
            np.array(labels, np.int32),
            np.asarray(members),
            np.array(relabelled, np.bool_),
        )

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self._epoch += 1
        self._order = self._draw_order()

    def _draw_order(self) -> NDArray[np.int64]:
        rng = np.random.default_rng((self._config.seed, self._epoch))
        members: dict[str, dict[str, list[int]]] = {}
        for i, sample in enumerate(self._samples):
            if sample.label in self._to_output:
                members.setdefault(kind_of(sample), {}).setdefault(sample.dataset, []).append(i)
        pattern = [kind for kind in PATTERN if kind in members]
        n = self._n_batches * self._config.batch_size
        kinds = np.resize(np.array(pattern), n)
        order = np.empty(n, np.int64)
        for kind in sorted(set(pattern)):
            places = rng.permutation(np.flatnonzero(kinds == kind))
            sets = [members[kind][name] for name in sorted(members[kind])]
            shares = np.array([len(one) for one in sets], float) ** self._config.set_balance
            ends = np.round(np.cumsum(shares / shares.sum()) * len(places)).astype(int)
            for one, chosen in zip(sets, np.split(places, ends[:-1]), strict=True):
                repeats = -(-len(chosen) // len(one))
                drawn = [rng.permutation(one) for _ in range(repeats)]
                order[chosen] = np.concatenate(drawn)[: len(chosen)] if drawn else []
        return order


def kind_of(sample: FaceSample) -> str:
    """The sample's place in `PATTERN`: its class, or its origin where it shows no face."""
    return OUTPUTS[sample.label] if sample.origin == "labelled" else sample.origin


def output_indices(outputs: Iterable[str]) -> dict[int, int]:
    """Index among a network's outputs by index into `OUTPUTS`, of those that it has."""
    return {OUTPUTS.index(name): i for i, name in enumerate(outputs)}


def augmentation_for(config: FitConfig) -> AugmentConfig:
    """The augmentation, without drawn masks of a class that the network has no output for."""
    if "worn_wrong" in config.network.outputs:
        return config.augment
    return replace(config.augment, drawn_wrong=0.0)


class PlainFaces(keras.utils.PyDataset):  # type: ignore[misc]  # Keras has no types
    """Faces as they are, in order: for validation.

    Args:
        samples: faces; those of a class that the network has no output for are left out.
        batch_size: faces a batch.
        outputs: names of the network's logits, in order.
    """

    def __init__(
        self,
        samples: Sequence[FaceSample],
        *,
        batch_size: int,
        outputs: Sequence[str] = OUTPUTS,
    ) -> None:
        super().__init__(workers=1)
        self._to_output = output_indices(outputs)
        self._samples = [s for s in samples if s.label in self._to_output]
        self._batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self._samples) // self._batch_size)

    def __getitem__(self, index: int) -> Batch:
        part = self._samples[index * self._batch_size : (index + 1) * self._batch_size]
        faces = np.stack([plain_crop(s) for s in part]).astype(np.float32)
        return faces, np.array([self._to_output[s.label] for s in part], np.int32)
