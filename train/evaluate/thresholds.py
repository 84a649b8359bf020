"""Further views, temperature and thresholds of an exported network, from validation faces."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.manifest import ModelManifest
from train.evaluate.calibration import FURTHER_VIEWS, calibrated


def with_thresholds(
    classifier: MaskClassifier,
    crops: NDArray[np.uint8],
    first: NDArray[np.float64],
    truth: NDArray[np.int64],
) -> ModelManifest:
    """The manifest with further views, and temperature and thresholds for the mean over them.

    Args:
        classifier: of an exported network, which sees each crop once.
        crops: uint8 (N, size, size, 3), of faces that it did not learn from.
        first: its logits of them, (N, n_classes).
        truth: (N,) index in `MASK_CLASSES`, see `train.evaluate.judged.truths`.
    """
    viewed = replace(classifier.manifest, further_views=FURTHER_VIEWS)
    mean = FURTHER_VIEWS.averaged(crops, first, classifier.logits, viewed.no_face_index)
    return calibrated(viewed, mean, truth)
