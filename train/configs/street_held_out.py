"""Nothing learnt from the street pictures, to test on strangers."""

from dataclasses import replace

from train.configs import maskdet

CONFIG = replace(maskdet.CONFIG, hold_out=("street-853",))
