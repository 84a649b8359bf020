"""Without the third output, no face."""

from dataclasses import replace

from train.configs import maskdet
from train.network.config import NetworkConfig

CONFIG = replace(maskdet.CONFIG, network=NetworkConfig(no_face=False))
