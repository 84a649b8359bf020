"""The recipe that ships."""

from train.config import FitConfig

CONFIG = FitConfig()
