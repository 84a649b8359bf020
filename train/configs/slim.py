"""VGG19 with a quarter of its channels, normalised, on growing pictures.

Its start weights are made by `train prune`, with the same widths.
"""

from dataclasses import replace

from train.configs import maskdet
from train.network.config import NetworkConfig

CONFIG = replace(
    maskdet.CONFIG,
    network=NetworkConfig(widths=(16, 32, 64, 128, 128), batch_norm=True),
    # pruning moved every layer, so none is fixed
    frozen_epochs=0,
    full_epochs=24,
    full_from=1,
    full_learning_rate=1e-3,
    input_sizes=(64, 96, 128),
)
