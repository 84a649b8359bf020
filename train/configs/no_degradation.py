"""Without lowered resolution, blur, noise, JPEG and light."""

from dataclasses import replace

from train.augment.faces import PLAIN
from train.configs import maskdet

CONFIG = replace(maskdet.CONFIG, augment=PLAIN)
