"""All five blocks trained, the first two as well."""

from dataclasses import replace

from train.configs import maskdet

CONFIG = replace(maskdet.CONFIG, full_from=1)
