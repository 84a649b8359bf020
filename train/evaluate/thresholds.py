"""Further views, temperature and thresholds of an exported network, from validation faces."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.manifest import ModelManifest
from train.data.faces.datasets import FaceSample
from train.evaluate.calibration import FURTHER_VIEWS, calibrated
from train.evaluate.judged import truths
from train.evaluate.test_sets import crops_of


def with_thresholds(
    manifest: ModelManifest, folder: Path, validation: Sequence[FaceSample]
) -> ModelManifest:
    """The manifest with further views, and temperature and thresholds for the mean over them.

    Args:
        manifest: of an exported network.
        folder: of its file.
        validation: faces that it did not learn from.
    """
    viewed = replace(manifest, further_views=FURTHER_VIEWS)
    logits = MaskClassifier(manifest.read_model(folder), viewed).logits(crops_of(validation))
    return calibrated(viewed, logits, truths(validation))
