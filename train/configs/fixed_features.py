"""Blocks 1 to 3 fixed, 4 and 5 trained."""

from dataclasses import replace

from train.configs import maskdet

CONFIG = replace(maskdet.CONFIG, full_from=4)
