"""The loop of the project that this one re-creates, on the same frames, for comparison.

Haar `frontalface_alt` at a quarter of the size, one `model.predict` of a float VGG19 a face, as its
published live script does. Its weights are not needed for its speed: the layers and sizes are.
"""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.opencv_finder import STOCK_CASCADE

QUARTER: Final = 4
SIDE_PX: Final = 128


class OriginalLoop:
    """One frame in, one drawn frame out."""

    def __init__(self) -> None:
        """Build the network; needs Keras."""
        import keras

        features = keras.applications.VGG19(
            weights=None, include_top=False, input_shape=(SIDE_PX, SIDE_PX, 3)
        )
        layers = keras.layers.Flatten()(features.output)
        self.network: Any = keras.Model(
            features.input, keras.layers.Dense(2, activation="sigmoid")(layers)
        )
        self._cascade = cv2.CascadeClassifier(str(STOCK_CASCADE))

    def __call__(self, frame_rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
        """The drawn frame and the number of faces found in it, frame uint8 RGB (H, W, 3)."""
        height, width = frame_rgb.shape[:2]
        small = cv2.resize(frame_rgb, (width // QUARTER, height // QUARTER))
        drawn = frame_rgb.copy()
        faces = self._cascade.detectMultiScale(small)
        for face in faces:
            x, y, w, h = (int(side) * QUARTER for side in face)
            crop = cv2.resize(frame_rgb[y : y + h, x : x + w], (SIDE_PX, SIDE_PX)) / 255.0
            said = self.network.predict(crop[None], verbose=0)
            label = f"{said.max():.2f}"
            cv2.rectangle(drawn, (x, y), (x + w, y + h), (0, 255, 0), 2)
            cv2.putText(
                drawn, label, (x, y - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2
            )
        return drawn, len(faces)
