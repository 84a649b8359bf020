"""Find faces in an image and classify whether each wears a mask.

    from maskdet_core import MaskDetector, annotate, read_image

    image_rgb = read_image("holiday.jpg")
    detections = MaskDetector.load().detect(image_rgb)
    annotated_rgb = annotate(image_rgb, detections)

The package depends on no web framework and imports TensorFlow only to load a Keras model. More is
in the subpackages `faces`, `masks`, `draw`, `live`, `batch` and `command_line`.
"""

from maskdet_core.detector import MaskDetector
from maskdet_core.draw.activation_map import draw_activation_map
from maskdet_core.draw.annotate import annotate
from maskdet_core.draw.anonymise import blur_faces
from maskdet_core.errors import CascadeError, ImageError, MaskdetError, ModelError
from maskdet_core.faces.loading import load_finder
from maskdet_core.live.processor import LiveProcessor
from maskdet_core.live.stats import LiveStats
from maskdet_core.masks.loading import load_classifier
from maskdet_core.pictures.decode import read_image
from maskdet_core.pictures.encode import encode_jpeg, encode_png
from maskdet_core.types import Detections, Face, FaceBox, RgbImage, Verdict
from maskdet_core.version import __version__

__all__ = [
    "CascadeError",
    "Detections",
    "Face",
    "FaceBox",
    "ImageError",
    "LiveProcessor",
    "LiveStats",
    "MaskDetector",
    "MaskdetError",
    "ModelError",
    "RgbImage",
    "Verdict",
    "__version__",
    "annotate",
    "blur_faces",
    "draw_activation_map",
    "encode_jpeg",
    "encode_png",
    "load_classifier",
    "load_finder",
    "read_image",
]
