"""Without hands laid over faces."""

from dataclasses import replace

from train.configs import maskdet

CONFIG = replace(maskdet.CONFIG, hands=False)
