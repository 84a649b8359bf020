"""The verifier: a small int8 network that tells which proposals are faces, and centres them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.errors import CascadeError
from maskdet_core.faces.window_crops import Windows
from maskdet_core.litert import LiteRtNetwork

BATCH: Final = 64
"""Most crops of one run: more at once are not faster, and memory stays bounded."""
OFFSET_SCALE: Final = 5.0
"""The network's offsets are in this part of a window's side and of the log of its growth, so that
their spread in training is near that of the logits."""
MAX_GROWTH: Final = 1.5
"""Largest log of a window's growth that is believed: a wild one would leave the image."""

_N_OFFSETS: Final = 3


@dataclass(frozen=True, slots=True)
class Looks:
    """What the verifier says of N windows.

    Attributes:
        logits: of a face, float64 (N,), not calibrated.
        windows: where the face really is, (N, 3).
    """

    logits: NDArray[np.float64]
    windows: Windows


class VerifierNetwork:
    """A LiteRT network that looks at windows; threads may share it."""

    def __init__(
        self, model: bytes, input_px: int, *, source: str = "verifier", n_threads: int = 1
    ) -> None:
        """Build the interpreter and validate its inputs and outputs.

        Args:
            model: content of a LiteRT file. Input: uint8 (1, input_px, input_px, 3), RGB; outputs:
                a logit (1, 1) and three offsets (1, 3), float32. The batch can be resized.
            input_px: side of the input.
            source: name of the model in error messages.
            n_threads: threads of one run, 1 or more. A batch takes about a millisecond, and a
                second thread adds a third to its processor time.

        Raises:
            CascadeError: the content is no LiteRT network, or has other inputs or outputs.
        """
        self.input_px = input_px
        self._network = LiteRtNetwork(model, source=source, n_threads=n_threads, error=CascadeError)
        inputs, outputs = self._network.inputs, self._network.outputs
        got = (
            [(list(one.shape), one.dtype) for one in inputs],
            sorted((list(one.shape), one.dtype) for one in outputs),
        )
        expected = (
            [([1, input_px, input_px, 3], "uint8")],
            [([1, 1], "float32"), ([1, _N_OFFSETS], "float32")],
        )
        if got != expected:
            raise CascadeError(f"{source}: expected inputs and outputs {expected}, got {got}")
        self._logit, self._offsets = sorted(outputs, key=lambda one: one.shape)

    def look(self, crops: NDArray[np.uint8], windows: Windows) -> Looks:
        """Look at windows of one image.

        Args:
            crops: uint8 (N, input_px, input_px, 3), RGB, of the windows; N may be 0.
            windows: (N, 3) centre x, centre y and side, px.

        Returns:
            Logits, and windows moved onto the face that the network sees in each.

        Raises:
            ValueError: crops of another shape or dtype, or not as many as windows.
        """
        expected = (len(windows), self.input_px, self.input_px, 3)
        if crops.dtype != np.uint8 or crops.shape != expected:
            raise ValueError(
                f"expected uint8 crops of shape {expected}, got {crops.dtype} {crops.shape}"
            )
        logits, offsets = np.empty(len(crops)), np.empty((len(crops), _N_OFFSETS))
        for start in range(0, len(crops), BATCH):
            part = slice(start, start + BATCH)
            logit, offsets[part] = self._network.run(crops[part], self._logit, self._offsets)
            logits[part] = logit[:, 0]
        return Looks(logits, moved(windows, offsets))


def moved(windows: Windows, offsets: NDArray[np.float64]) -> Windows:
    """Windows moved and resized by offsets.

    Args:
        windows: (N, 3).
        offsets: (N, 3) of the centre to the right and down, and log of the side's growth, all in
            `OFFSET_SCALE`.
    """
    centres, sides = windows[:, :2], windows[:, 2:]
    shifts, growth = offsets[:, :2] / OFFSET_SCALE, offsets[:, 2:] / OFFSET_SCALE
    return np.hstack(
        [centres + shifts * sides, sides * np.exp(np.clip(growth, -MAX_GROWTH, MAX_GROWTH))]
    )


def offsets_between(windows: Windows, faces: Windows) -> NDArray[np.float64]:
    """Offsets (N, 3) that move each of the windows onto its face: the inverse of `moved`."""
    sides = windows[:, 2:]
    shifts = (faces[:, :2] - windows[:, :2]) / sides
    return OFFSET_SCALE * np.hstack([shifts, np.log(faces[:, 2:] / sides)])
