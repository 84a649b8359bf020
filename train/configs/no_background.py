"""Without the output for no face."""

from dataclasses import replace

from train.configs import slim

CONFIG = replace(slim.CONFIG, network=replace(slim.CONFIG.network, no_face=False))
