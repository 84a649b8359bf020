"""The live loop of the project that this one re-creates, for comparison on the same frames.

Haar `frontalface_alt` at a quarter of the size and one `model.predict` of a float VGG19 per face,
as in its published live script. Speed depends on layers and sizes only: the weights are random.
"""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.opencv_finder import STOCK_CASCADE

SCALE: Final = 4
SIDE_PX: Final = 128


class OriginalLoop:
    """Takes a frame and returns it annotated."""

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
        """Annotate a frame, uint8 RGB (H, W, 3); returns a copy and the number of faces found."""
        height, width = frame_rgb.shape[:2]
        small = cv2.resize(frame_rgb, (width // SCALE, height // SCALE))
        drawn = frame_rgb.copy()
        faces = self._cascade.detectMultiScale(small)
        for face in faces:
            x, y, w, h = (int(side) * SCALE for side in face)
            crop = cv2.resize(frame_rgb[y : y + h, x : x + w], (SIDE_PX, SIDE_PX)) / 255.0
            prediction = self.network.predict(crop[None], verbose=0)
            label = f"{prediction.max():.2f}"
            cv2.rectangle(drawn, (x, y), (x + w, y + h), (0, 255, 0), 2)
            cv2.putText(
                drawn, label, (x, y - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2
            )
        return drawn, len(faces)
