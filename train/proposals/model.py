"""The cascade in Python: trees, stages, and their evaluation window by window."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from train.proposals.haar import WINDOW_PX, HaarFeature, Windows, feature_values, inverse_norm

_CHUNK = 8192
"""Windows whose feature values are held at once."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A small decision tree as OpenCV stores it.

    Attributes:
        nodes: (left, right, feature, threshold) each; a window goes left where its value is below
            the threshold. A child above 0 is a node, otherwise the negated index of a leaf.
        leaves: what the tree adds to its stage's sum.
    """

    nodes: tuple[tuple[int, int, HaarFeature, float], ...]
    leaves: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """Trees whose sum must reach a threshold; otherwise the window is rejected."""

    trees: tuple[Tree, ...]
    threshold: float

    @property
    def features(self) -> list[HaarFeature]:
        """Every feature that the stage uses, once."""
        return list(dict.fromkeys(node[2] for tree in self.trees for node in tree.nodes))


@dataclass(frozen=True)
class Cascade:
    """Stages in order. A window is taken for a face when it passes all.

    Attributes:
        stages: in order.
        size: width and height of the window, px.
    """

    stages: tuple[Stage, ...] = field(default=())
    size: tuple[int, int] = (WINDOW_PX, WINDOW_PX)

    def followed_by(self, stage: Stage) -> "Cascade":
        """The cascade with one more stage."""
        return Cascade((*self.stages, stage), self.size)

    def passing(self, windows: Windows) -> NDArray[np.bool_]:
        """Which of the windows, uint8 (N, H, W), pass every stage."""
        alive = inverse_norm(windows) > 0
        for stage in self.stages:
            index = np.flatnonzero(alive)
            alive[index] = tree_sums(stage.trees, windows[index]) >= stage.threshold
        return alive


def tree_outputs(
    trees: tuple[Tree, ...], values: NDArray[np.float32], column: dict[HaarFeature, int]
) -> NDArray[np.float32]:
    """What each tree adds for each window: float32 (N, len(trees)).

    Args:
        trees: the trees.
        values: feature values (N, F).
        column: which column of `values` holds a feature.
    """
    outputs = np.empty((len(values), len(trees)), np.float32)
    for t, tree in enumerate(trees):
        leaves = np.array(tree.leaves, np.float32)
        at = np.zeros(len(values), np.int64)
        for number, (left, right, feature, threshold) in enumerate(tree.nodes):
            # nodes come in the order of their depth, and a leaf is kept as ~index
            here = np.flatnonzero(at == number)
            below = values[here, column[feature]] < np.float32(threshold)
            child = np.where(below, left, right)
            at[here] = np.where(child > 0, child, ~(-child))
        outputs[:, t] = leaves[~at]
    return outputs


def tree_sums(trees: tuple[Tree, ...], windows: Windows) -> NDArray[np.float32]:
    """What all trees together add for each window, float32 (N,)."""
    sums = np.zeros(len(windows), np.float32)
    features = Stage(trees, 0.0).features
    column = {feature: i for i, feature in enumerate(features)}
    for i in range(0, len(windows), _CHUNK):
        values = feature_values(windows[i : i + _CHUNK], features)
        sums[i : i + _CHUNK] = tree_outputs(trees, values, column).sum(1)
    return sums
