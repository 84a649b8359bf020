"""Every feature at every place to the last layer, not averaged."""

from dataclasses import replace

from train.config import NetworkConfig
from train.configs import maskdet

CONFIG = replace(maskdet.CONFIG, network=NetworkConfig(head="flat"))
