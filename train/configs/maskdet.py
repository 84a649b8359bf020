"""The recipe of the whole network, from ImageNet's weights."""

from train.network.config import FitConfig

CONFIG = FitConfig()
