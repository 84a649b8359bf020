"""Every face as often, whatever set it is from."""

from dataclasses import replace

from train.configs import slim

CONFIG = replace(slim.CONFIG, set_balance=1.0)
