"""The old project's recipe: divided by 255, fixed features, every place to a layer of two.

No lowered resolution, no hands over faces, two outputs. Where the start weights hold only some
blocks, the features end with the last complete one.
"""

from train.augment.faces import PLAIN
from train.network.config import HEAD_ONLY, FitConfig, NetworkConfig

CONFIG = FitConfig(
    network=NetworkConfig(preprocessing="unit_range", head="flat", worn_wrong=False, no_face=False),
    hands=False,
    frozen_from=HEAD_ONLY,
    full_from=HEAD_ONLY,
    set_balance=1.0,
    learning_rate=1e-3,
    full_learning_rate=1e-3,
    augment=PLAIN,
)
