"""Without hands laid over faces."""

from dataclasses import replace

from train.configs import slim

CONFIG = replace(slim.CONFIG, hands=False)
