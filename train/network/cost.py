"""What a network costs: products (multiply-adds) and parameters by layer."""

from dataclasses import dataclass

from train.data.faces.images import IMAGE_SIZE_PX
from train.network.config import NetworkConfig
from train.network.start_weights import HEAD_LAYER

KERNEL = 3
"""Side of VGG19's kernels."""


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One layer.

    Attributes:
        name: of the layer.
        channels: that it puts out.
        products: multiply-adds for one crop, without those of bias, ReLU and pooling.
        parameters: weights and biases.
    """

    name: str
    channels: int
    products: int
    parameters: int


def layer_costs(network: NetworkConfig, size_px: int = IMAGE_SIZE_PX) -> list[LayerCost]:
    """Cost of each convolution and of the head, from the input on.

    Args:
        network: any.
        size_px: side of the input.
    """
    costs = []
    inputs, side = 3, size_px
    for name, width in network.convolutions:
        # a block ends with a halving
        side = size_px // 2 ** (int(name[5]) - 1)
        weights = KERNEL**2 * inputs * width
        costs.append(LayerCost(name, width, weights * side**2, weights + width))
        inputs = width
    n = len(network.outputs)
    features = inputs * (side // 2) ** 2 if network.head == "flat" else inputs
    costs.append(LayerCost(HEAD_LAYER, n, features * n, features * n + n))
    return costs


def products(network: NetworkConfig) -> int:
    """Multiply-adds for one crop."""
    return sum(layer.products for layer in layer_costs(network))


def parameters(network: NetworkConfig) -> int:
    """Weights and biases."""
    return sum(layer.parameters for layer in layer_costs(network))
