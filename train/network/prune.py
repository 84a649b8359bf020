"""Structured pruning: channels go, and the next layer is solved again to make up for them.

After ThiNet (Luo et al., ICCV 2017) and He et al. ("Channel pruning", ICCV 2017): from the input
on, the channels of a layer are chosen so that the next layer's outputs, as the whole network has
them, can be made of those that stay; then the next layer's weights are the least-squares solution,
on the pruned network's own activations, so that errors do not add up. Positions are sampled on real
crops.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray

from train.errors import WeightsError
from train.network.config import CONVOLUTIONS, NetworkConfig
from train.network.cost import layer_costs
from train.network.start_weights import HEAD_LAYER, StartWeights
from train.network.vgg19 import preprocessed

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

POSITIONS = 24
"""Positions sampled in each crop, fewer where the layer has not so many."""

HELD_SHARE = 0.2
"""Share of the crops that the reported errors are measured on, and nothing is solved with."""

_RIDGE = 1e-3
"""Penalty on the change of weights, in units of the mean second moment of the inputs."""

_BATCH = 16


@dataclass(frozen=True, slots=True)
class PrunedLayer:
    """One layer of the report.

    Attributes:
        name: of the layer.
        channels, products, parameters: before and after, see `train.network.cost`.
        error: squared error of the layer's outputs before ReLU, on held-out crops, over their
            variance; the first layer's is 0.
    """

    name: str
    channels: tuple[int, int]
    products: tuple[int, int]
    parameters: tuple[int, int]
    error: float


def prune(
    weights: StartWeights,
    network: NetworkConfig,
    widths: Sequence[int],
    crops: NDArray[np.uint8],
    seed: int = 0,
) -> tuple[StartWeights, list[PrunedLayer]]:
    """Prune the channels of each block to a width.

    Args:
        weights: of a network with a pooled head.
        network: what they are the weights of.
        widths: channels to keep in each of the five blocks; at least 1, at most as many as now.
        crops: uint8 RGB (N, 128, 128, 3) of real faces, some hundred.
        seed: of the sampled positions.

    Returns:
        Weights of the pruned network, and one row a layer.

    Raises:
        WeightsError: the network has another head, or the widths do not fit.
    """
    _validate(network, widths)
    kept = dict(NetworkConfig(widths=tuple(widths), blocks=network.blocks).convolutions)
    names = [name for name, _ in network.convolutions]
    images = preprocessed(crops, network)
    rng = np.random.default_rng(seed)
    places = _places(names, len(crops), crops.shape[1], rng)
    wanted = _outputs(weights, names, images, places)
    n_held = max(1, round(HELD_SHARE * len(crops)))
    kernels, biases = dict(weights.kernels), dict(weights.biases)
    errors = {names[0]: 0.0}
    features = images
    for name, following in zip(names, [*names[1:], HEAD_LAYER], strict=True):
        side = 1 if following == HEAD_LAYER else 3
        patches = np.concatenate(
            [
                _patches(part, places[following][i : i + _BATCH], side)
                for i, part in _layer(features, kernels[name], biases[name], _ends_block(name))
            ]
        )
        kernel = kernels[following]
        flat = kernel.reshape(side * side, kernel.shape[-2], kernel.shape[-1])
        solved = np.repeat(np.arange(len(crops)) < len(crops) - n_held, len(places[following][0]))
        heard = (flat.astype(np.float64) ** 2).sum(axis=(0, 2))
        stay = _choose(patches[solved, side * side // 2], heard, kept[name])
        chosen = patches[:, :, stay].reshape(len(patches), -1)
        new, bias = _solve(
            chosen[solved], flat[:, stay].reshape(chosen.shape[1], -1), wanted[following][solved]
        )
        errors[following] = _relative_error(
            chosen[~solved] @ new + bias, wanted[following][~solved]
        )
        kernels[name], biases[name] = kernels[name][..., stay], biases[name][stay]
        kernels[following] = new.reshape(*kernel.shape[:-2], len(stay), kernel.shape[-1])
        biases[following] = bias
        features = np.concatenate(
            [part for _, part in _layer(features, kernels[name], biases[name], _ends_block(name))]
        )
    pruned = StartWeights(kernels, biases, weights.outputs)
    return pruned, _report(network, widths, errors)


def _validate(network: NetworkConfig, widths: Sequence[int]) -> None:
    if network.head != "pooled":
        raise WeightsError("expected a network with a pooled head")
    if len(widths) != len(CONVOLUTIONS) or not all(
        1 <= new <= old for new, old in zip(widths, network.widths, strict=False)
    ):
        raise WeightsError(
            f"expected five widths of 1 to {', '.join(map(str, network.widths))}, got "
            f"{', '.join(map(str, widths))}"
        )


def _ends_block(name: str) -> bool:
    return name == f"{name[:6]}_conv{CONVOLUTIONS[int(name[5]) - 1]}"


def _places(
    names: Sequence[str], n: int, size_px: int, rng: np.random.Generator
) -> dict[str, NDArray[np.intp]]:
    """Rows and columns (N, positions, 2) sampled in each layer's outputs, without the first's."""
    found = {}
    sides = {name: size_px // 2 ** (int(name[5]) - 1) for name in names}
    sides[HEAD_LAYER] = sides[names[-1]] // 2
    for name in [*names[1:], HEAD_LAYER]:
        side = sides[name]
        drawn = [rng.permutation(side * side)[:POSITIONS] for _ in range(n)]
        found[name] = np.stack(np.unravel_index(np.stack(drawn), (side, side)), axis=-1)
    return found


def _outputs(
    weights: StartWeights, names: Sequence[str], images: Floats, places: dict[str, NDArray[np.intp]]
) -> dict[str, Floats]:
    """Outputs before ReLU of all layers but the first, at the sampled places, (N·P, channels)."""
    found: dict[str, list[Floats]] = {name: [] for name in places}
    for first in range(0, len(images), _BATCH):
        features = images[first : first + _BATCH]
        for name in names:
            linear = _convolve(features, weights.kernels[name], weights.biases[name])
            if name in places:
                here = places[name][first : first + _BATCH]
                found[name].append(_patches(linear, here, 1)[:, 0])
            features = _halve(linear) if _ends_block(name) else np.maximum(linear, 0.0)
        here = places[HEAD_LAYER][first : first + _BATCH]
        at = _patches(features, here, 1)[:, 0]
        found[HEAD_LAYER].append(at @ weights.kernels[HEAD_LAYER] + weights.biases[HEAD_LAYER])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _layer(
    features: Floats, kernel: Floats, bias: Floats, ends_block: bool
) -> Iterator[tuple[int, Floats]]:
    """Outputs of a layer, with ReLU and pooling, and the number of each batch's first crop."""
    for first in range(0, len(features), _BATCH):
        linear = _convolve(features[first : first + _BATCH], kernel, bias)
        yield first, _halve(linear) if ends_block else np.maximum(linear, 0.0)


def _convolve(features: Floats, kernel: Floats, bias: Floats) -> Floats:
    out = keras.ops.conv(features, kernel, padding="same") + bias
    return np.asarray(keras.ops.convert_to_numpy(out), np.float32)


def _halve(linear: Floats) -> Floats:
    """Maximum over 2×2, then ReLU: the same as in the other order, and cheaper."""
    n, height, width, channels = linear.shape
    pairs = linear.reshape(n, height // 2, 2, width // 2, 2, channels)
    return np.asarray(np.maximum(pairs.max(axis=(2, 4)), 0.0), np.float32)


def _patches(features: Floats, places: NDArray[np.intp], side: int) -> Floats:
    """Squares of features around places, zero outside: (N·P, side², channels)."""
    margin = side // 2
    padded = np.pad(features, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    n = np.arange(len(features))[:, None]
    rows, columns = places[..., 0], places[..., 1]
    shifts = [(dy, dx) for dy in range(side) for dx in range(side)]
    parts = [padded[n, rows + dy, columns + dx] for dy, dx in shifts]
    return np.stack(parts, axis=2).reshape(-1, side * side, features.shape[-1])


def _choose(maps: Floats, weights: Doubles, n: int) -> NDArray[np.intp]:
    """The channels to keep, ascending.

    What a channel says is lost only as far as those that stay cannot say it too, and costs as much
    as the next layer listens to it. So the channel goes, again and again, whose loss raises the sum
    of all channels' squared residuals, weighted so, least.

    Args:
        maps: (M, C) values of the channels.
        weights: (C,) squared weights of the next layer, summed over each of its inputs.
        n: how many to keep.
    """
    channels = maps.shape[1]
    if n >= channels:
        return np.arange(channels)
    x = (maps - maps.mean(axis=0)).astype(np.float64)
    gram = x.T @ x
    gram += (_RIDGE * np.trace(gram) / channels + 1e-12) * np.eye(channels)
    return _eliminate(gram, np.diag(np.sqrt(weights)), n)


def _eliminate(gram: Doubles, solution: Doubles, n: int) -> NDArray[np.intp]:
    """Unknowns of a least-squares problem that stay, by backward elimination to n of them.

    The rise of the squared error by the loss of one is that of Hassibi and Stork's optimal brain
    surgeon (NIPS 1992).

    Args:
        gram: (C, C) second moments of the inputs.
        solution: (C, targets) with all inputs.
        n: how many to keep.
    """
    inverse = np.linalg.inv(gram)
    stay = np.arange(len(gram))
    while len(stay) > n:
        worst = int(np.argmin((solution**2).sum(axis=1) / np.diag(inverse)))
        column = inverse[:, worst] / inverse[worst, worst]
        rest = np.arange(len(stay)) != worst
        solution = (solution - np.outer(column, solution[worst]))[rest]
        inverse = (inverse - np.outer(column, inverse[worst]))[np.ix_(rest, rest)]
        stay = stay[rest]
    return stay


def _solve(inputs: Floats, before: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """Weights (inputs, outputs) and bias (outputs,) of least squares, near those before.

    Ridge regression on the change: where crops say little the old weights stay, and with all
    channels kept nothing changes.
    """
    x_mean, y_mean = inputs.mean(axis=0), wanted.mean(axis=0)
    x = inputs - x_mean
    rest = wanted - y_mean - x @ before
    gram = (x.T @ x).astype(np.float64)
    gram += (_RIDGE * np.trace(gram) / len(gram) + 1e-12) * np.eye(len(gram))
    new = before + np.linalg.solve(gram, (x.T @ rest).astype(np.float64)).astype(np.float32)
    return new, np.asarray(y_mean - x_mean @ new, np.float32)


def _relative_error(got: Floats, wanted: Floats) -> float:
    spread = float(((wanted - wanted.mean(axis=0)) ** 2).sum())
    return float(((got - wanted) ** 2).sum()) / max(spread, 1e-12)


def _report(
    network: NetworkConfig, widths: Sequence[int], errors: dict[str, float]
) -> list[PrunedLayer]:
    after = replace(network, widths=tuple(widths))
    return [
        PrunedLayer(
            old.name,
            (old.channels, new.channels),
            (old.products, new.products),
            (old.parameters, new.parameters),
            errors[old.name],
        )
        for old, new in zip(layer_costs(network), layer_costs(after), strict=True)
    ]
