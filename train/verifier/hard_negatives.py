"""Windows that the verifier gets wrong so far."""

from typing import Final

import numpy as np

from maskdet_core.faces.verifier_network import VerifierNetwork
from maskdet_core.faces.window_crops import WindowCutter, Windows
from maskdet_core.types import RgbImage
from train.data.annotations.photos import LabelledPhoto
from train.verifier.framing import FIRST_LOOK

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
        crops = WindowCutter(image).cut(windows, FIRST_LOOK.context, self._network.input_px)
        looks = self._network.look(crops, windows)
        order = np.argsort(-looks.logits)
        logits = looks.logits[order]
        hard = order[(logits > HARD_LOGIT) & (photo.complete | (logits < SURE_LOGIT))][:PER_PHOTO]
        return np.vstack([windows[hard], looks.windows[hard]])
