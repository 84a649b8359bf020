"""Without lowered resolution, blur, noise, JPEG and light."""

from dataclasses import replace

from train.configs import slim

CONFIG = replace(
    slim.CONFIG,
    augment=replace(
        slim.CONFIG.augment, low_resolution=0.0, blur=0.0, jpeg=0.0, noise=0.0, light=0.0
    ),
)
