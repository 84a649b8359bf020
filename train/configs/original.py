"""The old project's recipe: divided by 255, fixed features, every place to a layer of two.

It turned no resolution down, laid no hands over faces and knew two answers. Where the start weights
hold some blocks only, the features end with the last one that they hold.
"""

from train.augment.faces import PLAIN
from train.network.config import HEAD_ONLY, FitConfig, NetworkConfig

CONFIG = FitConfig(
    network=NetworkConfig(preprocessing="unit_range", head="flat", no_face=False),
    hands=False,
    frozen_from=HEAD_ONLY,
    full_from=HEAD_ONLY,
    set_balance=1.0,
    learning_rate=1e-3,
    full_learning_rate=1e-3,
    augment=PLAIN,
)
