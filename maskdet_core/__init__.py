"""Find faces and tell whether each wears a mask: picture in, verdicts out.

Begin with ``load_detector().detect(decode_image(data))``. Knows nothing of the web, and imports
TensorFlow only when asked for a Keras model.
"""

from maskdet_core.decode import (
    MAX_BYTES,
    MAX_PIXELS,
    MAX_SIDE_PX,
    decode_image,
    encode_jpeg,
    encode_png,
)
from maskdet_core.detector import MaskDetector, load_detector
from maskdet_core.draw.activation_map import heat_picture
from maskdet_core.draw.annotate import annotate
from maskdet_core.draw.anonymise import blur_faces
from maskdet_core.errors import CascadeError, ImageError, MaskdetError, ModelError
from maskdet_core.faces.cascade_finder import TrainedFaceFinder, load_finder
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.manifest import CascadeManifest, SearchSettings
from maskdet_core.faces.opencv_finder import (
    CascadeSpec,
    HaarFaceFinder,
    SearchPass,
    stock_finder,
)
from maskdet_core.live import LiveEngine, LiveProcessor, LiveStats, Moment, Places
from maskdet_core.masks.classifier import (
    Classifier,
    MaskClassifier,
    default_model_path,
    load_classifier,
)
from maskdet_core.masks.crops import shrink_within, square_crop
from maskdet_core.masks.manifest import CropFraming, ModelManifest
from maskdet_core.types import (
    Detections,
    Face,
    FaceBox,
    Judgements,
    RgbImage,
    Verdict,
    check_rgb,
    decide,
)

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE_PX",
    "CascadeError",
    "CascadeManifest",
    "CascadeSpec",
    "Classifier",
    "CropFraming",
    "Detections",
    "Face",
    "FaceBox",
    "FaceFinder",
    "HaarFaceFinder",
    "ImageError",
    "Judgements",
    "LiveEngine",
    "LiveProcessor",
    "LiveStats",
    "MaskClassifier",
    "MaskDetector",
    "MaskdetError",
    "ModelError",
    "ModelManifest",
    "Moment",
    "Places",
    "RgbImage",
    "SearchPass",
    "SearchSettings",
    "TrainedFaceFinder",
    "Verdict",
    "annotate",
    "blur_faces",
    "check_rgb",
    "decide",
    "decode_image",
    "default_model_path",
    "encode_jpeg",
    "encode_png",
    "heat_picture",
    "load_classifier",
    "load_detector",
    "load_finder",
    "shrink_within",
    "square_crop",
    "stock_finder",
]
