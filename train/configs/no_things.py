"""Without cups and telephones laid over faces."""

from dataclasses import replace

from train.configs import slim

CONFIG = replace(slim.CONFIG, augment=replace(slim.CONFIG.augment, objects=0.0))
