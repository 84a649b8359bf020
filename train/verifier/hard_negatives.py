"""Windows that the verifier gets wrong so far, and boxes that may be faces without a label."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.loading import load_finder
from maskdet_core.faces.nms import Boxes, pairwise_overlaps
from maskdet_core.faces.verifier_network import VerifierNetwork
from maskdet_core.faces.window_crops import WindowCutter, Windows
from maskdet_core.types import RgbImage
from train.data.images import read_rgb
from train.data.photos import LabelledPhoto
from train.data.records import write_json
from train.verifier.batches import CONTEXT
from train.verifier.samples import OTHER_IOU

DOUBTFUL_SCORE: Final = 2.5
"""Log odds at which a finder's box without a label counts as a face that was not labelled."""
DOUBTFUL_FACE_PX: Final = 24
HARD_LOGIT: Final = -3.0
"""Windows without a face are hard from this logit on."""
SURE_LOGIT: Final = 2.0
"""Where faces may be without a box, a window with a higher logit is no negative: it may be one."""
PER_PHOTO: Final = 25
"""Most hard windows of one photograph, and as many where the network moves them."""


class HardWindows:
    """Chooses windows without a face that a network takes for one; see `samples.Choose`."""

    def __init__(self, network: VerifierNetwork) -> None:
        """Keep the network, trained on other windows so far."""
        self._network = network

    def __call__(self, photo: LabelledPhoto, image: RgbImage, windows: Windows) -> Windows:
        """The hardest of the windows, as they are and as the network moves them."""
        crops = WindowCutter(image).cut(windows, CONTEXT, self._network.input_px)
        looks = self._network.look(crops, windows)
        order = np.argsort(-looks.logits)
        logits = looks.logits[order]
        hard = order[(logits > HARD_LOGIT) & (photo.complete | (logits < SURE_LOGIT))][:PER_PHOTO]
        return np.vstack([windows[hard], looks.windows[hard]])


def doubtful_boxes(photos: Sequence[LabelledPhoto], finder: FaceFinder) -> dict[Path, Boxes]:
    """Boxes that a finder is sure of and nobody labelled, of photographs that may lack labels."""
    found: dict[Path, Boxes] = {}
    for photo in tqdm(photos, desc="doubtful", unit="photo"):
        if photo.complete:
            continue
        boxes = finder.find(read_rgb(photo.path), min_face_px=DOUBTFUL_FACE_PX)
        sure = np.array(
            [[b.x, b.y, b.w, b.h] for b in boxes if b.score > DOUBTFUL_SCORE], np.float64
        ).reshape(-1, 4)
        iou, _ = pairwise_overlaps(sure, photo.boxes_px())
        unlabelled = sure[iou.max(axis=1, initial=0.0) < OTHER_IOU]
        if len(unlabelled):
            found[photo.path] = unlabelled
    return found


def kept_doubtful_boxes(
    path: Path, photos: Sequence[LabelledPhoto], finder: Path
) -> dict[Path, Boxes]:
    """The doubtful boxes of a file, found and written first where it is missing.

    Args:
        path: of the file.
        photos: see `doubtful_boxes`.
        finder: manifest of the finder to ask, at its live preset.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_boxes(path, doubtful_boxes(photos, load_finder("live", finder)))
    # read back the first time too, so that a resumed run gets exactly the same
    return load_boxes(path)


def save_boxes(path: Path, boxes: dict[Path, Boxes]) -> None:
    """Write boxes by picture."""
    write_json(path, {str(picture): found.tolist() for picture, found in boxes.items()})


def load_boxes(path: Path) -> dict[Path, Boxes]:
    """Read what `save_boxes` wrote."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {Path(picture): np.array(found, np.float64) for picture, found in stored.items()}
