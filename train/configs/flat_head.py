"""Every feature at every place to the last layer, not averaged."""

from dataclasses import replace

from train.configs import maskdet
from train.network.config import NetworkConfig

CONFIG = replace(maskdet.CONFIG, network=NetworkConfig(head="flat"))
