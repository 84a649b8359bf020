"""Batches for the verifier: windows moved, turned, mirrored and recoloured at random."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.verifier_network import offsets_between
from train.verifier.samples import (
    FACE_IOU,
    OTHER_IOU,
    Samples,
    labelled,
)

MOST_SAMPLED: Final = 400
"""`cv2.remap` counts rows of source and result in 16 bits."""


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """How samples are drawn and varied; half-ranges unless noted.

    Attributes:
        size: samples of a batch.
        faces: share of samples drawn from the windows that show a face.
        shift: of the window, in sides.
        growth: of the window's side, as a log.
        turn_deg: standard deviation of the rotation.
        tilted: share of the samples that are turned further, by any angle up to `tilt_deg`: heads
            that lie on a shoulder, or in a bent arm.
        tilt_deg: see there.
        light: of a gain, as a log; of each channel's gain a third of it.
        offset: added to the brightness.
        grey, soft, noisy: share of the samples without colour, blurred, and with noise.
    """

    size: int = 256
    faces: float = 0.38
    shift: float = 0.09
    growth: float = 0.13
    turn_deg: float = 10.0
    tilted: float = 0.0
    tilt_deg: float = 45.0
    light: float = 0.6
    offset: float = 40.0
    grey: float = 0.1
    soft: float = 0.2
    noisy: float = 0.2


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step learns from.

    Attributes:
        pictures: float32 (N, px, px, 3), 0 to 255.
        is_face: float32 (N,), 0 or 1.
        counts: float32 (N,), 0 where a window is neither.
        offsets: float32 (N, 3), from the window to its face.
        has_offsets: float32 (N,), 1 where there is a face to move to.
    """

    pictures: NDArray[np.float32]
    is_face: NDArray[np.float32]
    counts: NDArray[np.float32]
    offsets: NDArray[np.float32]
    has_offsets: NDArray[np.float32]


@dataclass
class BatchSource:
    """Batches of one set of samples; each depends on seed, epoch and number alone."""

    samples: Samples
    config: BatchConfig
    seed: int
    _faces: NDArray[np.int64] = field(init=False)
    _others: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the samples."""
        unmoved = np.tile([0.0, 0.0, 1.0], (len(self.samples), 1))
        iou, _ = labelled(self.samples, unmoved)
        self._faces = np.flatnonzero(iou >= FACE_IOU)
        self._others = np.flatnonzero(iou < OTHER_IOU)

    def batch(self, epoch: int, number: int) -> Batch:
        """Draw one."""
        rng = np.random.default_rng([self.seed, epoch, number])
        n_faces = round(self.config.faces * self.config.size)
        index = np.concatenate(
            [
                rng.choice(self._faces, n_faces),
                rng.choice(self._others, self.config.size - n_faces),
            ]
        )
        return varied(self.samples[index], rng, self.config)


def varied(samples: Samples, rng: np.random.Generator, config: BatchConfig) -> Batch:
    """Move and recolour samples."""
    n = len(samples)
    moves = np.ones((n, 3))
    moves[:, :2] = rng.uniform(-config.shift, config.shift, (n, 2))
    moves[:, 2] = np.exp(rng.uniform(-config.growth, config.growth, n))
    turns = np.radians(_turns(rng, n, config))
    mirrored = rng.random(n) < 0.5
    iou, faces = labelled(samples, moves)
    offsets = _seen(offsets_between(moves, faces), turns, mirrored)
    near = iou >= OTHER_IOU
    pictures = recoloured(sampled(samples, moves, turns, mirrored), rng, config)
    return Batch(
        pictures,
        (iou >= FACE_IOU).astype(np.float32),
        ((iou >= FACE_IOU) | ~near).astype(np.float32),
        np.where(near[:, None], offsets, 0.0).astype(np.float32),
        near.astype(np.float32),
    )


def _turns(rng: np.random.Generator, n: int, config: BatchConfig) -> NDArray[np.float64]:
    degrees = rng.normal(0, config.turn_deg, n)
    tilted = rng.random(n) < config.tilted
    degrees[tilted] = rng.uniform(-config.tilt_deg, config.tilt_deg, tilted.sum())
    return degrees


def _seen(
    offsets: NDArray[np.float64], turns: NDArray[np.float64], mirrored: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Offsets (N, 3) of the photographs as they are in the turned and mirrored pictures."""
    right, down, growth = offsets.T
    cos, sin = np.cos(turns), np.sin(turns)
    across = np.where(mirrored, -1.0, 1.0) * (cos * right + sin * down)
    return np.stack([across, cos * down - sin * right, growth], axis=1)


def plain(samples: Samples) -> NDArray[np.uint8]:
    """The samples as the network sees them in serving, not varied: uint8 (N, px, px, 3)."""
    n, px = len(samples), samples.framing.input_px
    unmoved = np.tile([0.0, 0.0, 1.0], (n, 1))
    parts = [
        sampled(samples[i : i + k], unmoved[i : i + k], np.zeros(k), np.zeros(k, bool))
        for i in range(0, n, MOST_SAMPLED)
        if (k := min(MOST_SAMPLED, n - i))
    ]
    return np.concatenate([np.empty((0, px, px, 3), np.uint8), *parts])


def sampled(
    samples: Samples,
    moves: NDArray[np.float64],
    turns: NDArray[np.float64],
    mirrored: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """The network's input, cut from stored crops.

    Args:
        samples: N of them, `MOST_SAMPLED` at most.
        moves: (N, 3) the window in windows from the crop's centre: x, y and side.
        turns: (N,) rotation in radians.
        mirrored: (N,) whether left and right change places.

    Returns:
        uint8 (N, px, px, 3).
    """
    n, framing = len(samples), samples.framing
    px, stored_px = framing.input_px, framing.stored_px
    grid = ((np.arange(px) + 0.5) / px - 0.5).astype(np.float32)
    scale = np.float32(stored_px / framing.stored_context)
    middle = stored_px / 2 - 0.5
    side = framing.context * moves[:, 2]
    cos, sin, flip = np.cos(turns) * side, np.sin(turns) * side, np.where(mirrored, -1.0, 1.0)

    def placed(
        first: NDArray[np.float64], right: NDArray[np.float64], down: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """A coordinate in the crop of each pixel of the results."""
        start = scale * first.astype(np.float32) + np.float32(middle)
        across = scale * right.astype(np.float32)[:, None] * grid
        below = scale * down.astype(np.float32)[:, None] * grid
        at = start[:, None, None] + across[:, None, :] + below[:, :, None]
        return np.asarray(np.clip(at, 0, stored_px - 1), np.float32)

    # the crops lie below each other in one picture: none may be read across its own edge
    x = placed(moves[:, 0], cos * flip, -sin)
    y = placed(moves[:, 1], sin * flip, cos)
    y += np.arange(0, n * stored_px, stored_px, dtype=np.float32)[:, None, None]
    tall = cv2.remap(
        np.ascontiguousarray(samples.crops).reshape(n * stored_px, stored_px, 3),
        x.reshape(-1, px),
        y.reshape(-1, px),
        cv2.INTER_LINEAR,
    )
    return np.asarray(tall, np.uint8).reshape(n, px, px, 3)


def recoloured(
    pictures: NDArray[np.uint8], rng: np.random.Generator, config: BatchConfig
) -> NDArray[np.float32]:
    """Pictures in other light, some softer, grey or noisy: float32, 0 to 255."""
    n = len(pictures)
    varied = pictures.astype(np.float32)
    soft = rng.random(n) < config.soft
    varied[soft] = _softened(varied[soft])
    grey = rng.random(n) < config.grey
    varied[grey] = varied[grey].mean(axis=3, keepdims=True)
    gain = np.exp(rng.uniform(-config.light, config.light, (n, 1, 1, 1)))
    gain = gain * np.exp(rng.uniform(-config.light / 3, config.light / 3, (n, 1, 1, 3)))
    mean = varied.mean(axis=(1, 2, 3), keepdims=True)
    shift = rng.uniform(-config.offset, config.offset, (n, 1, 1, 1))
    varied *= gain.astype(np.float32)
    varied += (mean * (1 - gain) + shift).astype(np.float32)
    noisy = np.flatnonzero(rng.random(n) < config.noisy)
    strength = rng.uniform(1, 8, (len(noisy), 1, 1, 1)).astype(np.float32)
    noise = rng.standard_normal((len(noisy), *varied.shape[1:]), np.float32)
    varied[noisy] += strength * noise
    return np.clip(varied, 0, 255, out=varied)


def _softened(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return np.asarray((rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9, np.float32)
