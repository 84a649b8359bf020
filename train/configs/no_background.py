"""Without the third output, no face."""

from dataclasses import replace

from train.config import NetworkConfig
from train.configs import maskdet

CONFIG = replace(maskdet.CONFIG, network=NetworkConfig(no_face=False))
