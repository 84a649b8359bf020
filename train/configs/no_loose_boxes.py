"""Without loose boxes among the pictures of no face."""

from dataclasses import replace

from train.configs import slim

CONFIG = replace(slim.CONFIG, loose_boxes=False)
