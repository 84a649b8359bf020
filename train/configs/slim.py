"""VGG19 with a quarter of its channels, from weights that `train prune` made.

Pruning by reconstruction leaves a network that works, so it is tuned, not trained from the start:
the first two blocks stay as pruned, no layer is normalised over the batch (which halves the speed
of training on a processor without matrix units), and all pictures have the size that the features
were learned at. Degradations are milder than the whole network's: a small one spends itself on
faces that nobody could judge.
"""

from dataclasses import replace

from train.augment.faces import AugmentConfig
from train.configs import maskdet
from train.network.config import NetworkConfig

CONFIG = replace(
    maskdet.CONFIG,
    network=NetworkConfig(widths=(16, 32, 64, 128, 128)),
    frozen_epochs=0,
    full_epochs=90,
    epoch_samples=6_400,
    full_from=3,
    full_learning_rate=3e-4,
    augment=AugmentConfig(
        rotation_deg=15.0,
        tilted=0.08,
        low_resolution=0.4,
        min_side_px=20,
        blur=0.15,
        noise=0.2,
        light=0.5,
        grey=0.04,
        hand=0.28,
        lower_shade=0.08,
        sunglasses=0.04,
        objects=0.2,
        clothing=0.3,
    ),
)
