"""One stage: boosted trees by LightGBM, cut as soon as they reject enough."""

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from train.errors import RunError
from train.proposals.haar import HaarFeature, Windows, feature_values
from train.proposals.model import Stage, Tree, tree_outputs, tree_sums

MIN_ROUNDS = 150
"""Trees that are boosted even where few are kept: they show which faces to give up."""


@dataclass(frozen=True, slots=True)
class StageGoal:
    """When a stage is finished.

    Attributes:
        max_trees: ceiling.
        leaves: of a tree; 2 is a stump.
        learning_rate: shrinkage of each tree.
        recall: share of faces that must keep at least `windows` of their windows.
        windows: see `recall`.
        false_rate: share of the negatives that may pass; 0 takes all trees.
        feature_share: share of the features that each tree may choose from.
        samples: factor on the configured numbers of windows and features.
        leading_trees: above 0, so many of the stage's first trees become a stage before it, so that
            fewer windows pay for all trees.
        leading_recall: share of faces that must keep at least `windows` of their windows there.
    """

    max_trees: int
    leaves: int = 4
    learning_rate: float = 0.5
    recall: float = 0.995
    windows: int = 2
    false_rate: float = 0.4
    feature_share: float = 0.2
    samples: float = 1.0
    leading_trees: int = 0
    leading_recall: float = 0.99


def fit_stage(
    positives: Windows,
    negatives: Windows,
    held_bags: NDArray[np.uint8],
    held_negatives: Windows,
    features: list[HaarFeature],
    goal: StageGoal,
    seed: int,
    threads: int = 2,
) -> tuple[Stage, dict[str, Any]]:
    """Boost trees until the held-out negatives pass rarely enough at the wanted recall.

    Args:
        positives: windows (N, H, W) of faces.
        negatives: windows that pass the stages so far.
        held_bags: windows (faces, M, H, W) near faces that are not among the positives; windows
            that an earlier stage rejects are all 0.
        held_negatives: as `negatives`, for measuring.
        features: candidates for the splits.
        goal: when to stop.
        seed: of the choice of features.
        threads: that boost.

    Returns:
        The stage and its report.
    """
    windows = np.concatenate([positives, negatives])
    labels = np.repeat([1.0, 0.0], [len(positives), len(negatives)])
    weights = np.where(labels == 1, 0.5 / len(positives), 0.5 / len(negatives)) * len(labels)
    data = lightgbm.Dataset(
        feature_values(windows, features),
        labels,
        weight=weights,
        params={
            "max_bin": 63,
            "bin_construct_sample_cnt": 10_000,
            "feature_pre_filter": False,
            "verbose": -1,
        },
    )
    booster = lightgbm.train(
        {
            "objective": "binary",
            "boost_from_average": False,
            "num_leaves": goal.leaves,
            "learning_rate": goal.learning_rate,
            "feature_fraction": goal.feature_share,
            "min_data_in_leaf": 50,
            "lambda_l2": 1.0,
            "num_threads": threads,
            "force_col_wise": True,
            "seed": seed,
            "verbose": -1,
        },
        data,
        num_boost_round=max(goal.max_trees, MIN_ROUNDS),
    )
    dumped = booster.dump_model()["tree_info"]
    # a tree without a split means that nothing is left to learn
    trees = tuple(to_tree(info, features) for info in dumped if info["num_leaves"] > 1)
    if not trees:
        raise RunError("expected windows that a feature can tell apart, no tree found a split")
    return cut_stage(trees, held_bags, held_negatives, goal)


def cut_stage(
    trees: tuple[Tree, ...],
    bags: NDArray[np.uint8],
    negatives: Windows,
    goal: StageGoal,
) -> tuple[Stage, dict[str, Any]]:
    """The fewest leading trees that reach the goal, and the threshold that keeps its recall.

    The faces given up are those that all trees together find hardest, so that the stages agree on
    which; a cut after few trees keeps all others.
    """
    used = list(dict.fromkeys(node[2] for tree in trees for node in tree.nodes))
    column = {feature: i for i, feature in enumerate(used)}
    n_faces, n_windows = bags.shape[:2]
    flat = bags.reshape(n_faces * n_windows, *bags.shape[2:])
    alive = flat.any(axis=(1, 2))
    near = np.cumsum(tree_outputs(trees, feature_values(flat, used), column), axis=1)
    near[~alive] = -np.inf
    near = np.sort(near.reshape(n_faces, n_windows, -1), axis=1)[:, -goal.windows]
    far = np.cumsum(tree_outputs(trees, feature_values(negatives, used), column), axis=1)
    given_up = int((1 - goal.recall) * n_faces)
    thresholds = near[np.argsort(near[:, -1])[given_up:]].min(axis=0)
    rates = (far >= thresholds).mean(axis=0)
    enough = np.flatnonzero((rates <= goal.false_rate) & (np.arange(len(rates)) < goal.max_trees))
    if goal.false_rate == 0:
        last = min(goal.max_trees, len(rates)) - 1
    else:
        last = int(enough[0]) if len(enough) else int(np.argmin(rates[: goal.max_trees]))
    # a hair below, since OpenCV adds up in another order
    stage = Stage(trees[: last + 1], float(thresholds[last]) - 1e-4)
    return stage, {
        "trees": len(stage.trees),
        "threshold": stage.threshold,
        "false_rate": float(rates[last]),
    }


def leading_stage(stage: Stage, bags: NDArray[np.uint8], goal: StageGoal) -> Stage:
    """The first trees of a stage, at a threshold of their own: a cheap stage before it.

    The faces given up are those that these trees find hardest: to keep what only the last trees
    tell apart would need a threshold that rejects next to nothing.

    Args:
        stage: as `fit_stage` made it.
        bags: see there.
        goal: `leading_trees`, `leading_recall` and `windows` count.
    """
    trees = stage.trees[: goal.leading_trees]
    n_faces, n_windows = bags.shape[:2]
    flat = bags.reshape(n_faces * n_windows, *bags.shape[2:])
    near = np.where(flat.any(axis=(1, 2)), tree_sums(trees, flat), -np.inf)
    near = np.sort(near.reshape(n_faces, n_windows), axis=1)[:, -goal.windows]
    threshold = np.sort(near)[int((1 - goal.leading_recall) * n_faces)]
    # a hair below, since OpenCV adds up in another order
    return Stage(trees, float(threshold) - 1e-4)


def to_tree(info: dict[str, Any], features: list[HaarFeature]) -> Tree:
    """A tree of LightGBM's dump in OpenCV's terms."""
    nodes: list[list[Any]] = []
    leaves: list[float] = []
    queue: list[tuple[dict[str, Any], int, int]] = [(info["tree_structure"], -1, 0)]
    while queue:
        part, parent, slot = queue.pop(0)
        if "leaf_value" in part and "split_feature" not in part:
            number = -len(leaves)
            leaves.append(float(np.float32(part["leaf_value"])))
        else:
            number = len(nodes)
            # LightGBM sends equal values left, OpenCV right
            threshold = float(np.nextafter(np.float32(part["threshold"]), np.float32(np.inf)))
            nodes.append([0, 0, features[part["split_feature"]], threshold])
            queue += [(part["left_child"], number, 0), (part["right_child"], number, 1)]
        if parent >= 0:
            nodes[parent][slot] = number
    return Tree(tuple((n[0], n[1], n[2], n[3]) for n in nodes), tuple(leaves))
