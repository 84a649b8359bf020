"""The recipe that ships."""

from train.network.config import FitConfig

CONFIG = FitConfig()
