"""Without masks drawn onto bare faces."""

from dataclasses import replace

from train.configs import slim

CONFIG = replace(slim.CONFIG, augment=replace(slim.CONFIG.augment, drawn_mask=0.0, drawn_wrong=0.0))
