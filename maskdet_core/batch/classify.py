"""``maskdet classify``: a verdict for pictures that already are one face crop."""

import argparse
from typing import Final

from maskdet_core.batch.command import (
    EXIT_OK,
    EXIT_SOME_UNREADABLE,
    Command,
    Row,
    add_common_arguments,
    row_writer,
)
from maskdet_core.batch.pictures import list_pictures
from maskdet_core.batch.report import rounded, valid_text
from maskdet_core.decode import read_image
from maskdet_core.errors import ImageError
from maskdet_core.masks.classifier import Classifier
from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.loading import load_classifier
from maskdet_core.masks.manifest import CropFraming
from maskdet_core.types import FaceBox, RgbImage, decide


def whole_picture_crop(image_rgb: RgbImage, classifier: Classifier) -> RgbImage:
    """Make a picture that is one face square by its long side, scaled for the classifier.

    Args:
        image_rgb: uint8 (H, W, 3), unchanged.
        classifier: says how large its input is.

    Returns:
        uint8 RGB (``input_size_px``, ``input_size_px``, 3).
    """
    height, width = image_rgb.shape[:2]
    whole = FaceBox(0, 0, width, height)
    return square_crop(image_rgb, whole, CropFraming(), classifier.manifest.input_size_px)


def _run(options: argparse.Namespace) -> int:
    classifier = load_classifier(options.model)
    min_confidence = options.min_confidence or classifier.manifest.min_confidence
    write = row_writer(options.format)
    exit_status = EXIT_OK
    for path in list_pictures(options.paths):
        row: Row = {
            "path": valid_text(str(path)),
            "verdict": None,
            "p_with_mask": None,
            "error": None,
        }
        try:
            crop = whole_picture_crop(read_image(path), classifier)
        except ImageError as error:
            exit_status = EXIT_SOME_UNREADABLE
            write({**row, "error": str(error)})
            continue
        p_with_mask = float(classifier.predict(crop[None]).p_with_mask[0])
        verdict = decide(p_with_mask, min_confidence).value
        write({**row, "verdict": verdict, "p_with_mask": rounded(p_with_mask)})
    return exit_status


CLASSIFY: Final = Command(
    "classify",
    "classify pictures that already are one face crop",
    add_common_arguments,
    _run,
)
