"""Without scarves, collars, hoods and straps around faces."""

from dataclasses import replace

from train.configs import slim

CONFIG = replace(slim.CONFIG, augment=replace(slim.CONFIG.augment, clothing=0.0))
