"""Geometry of face windows: proposals' squares, the verifier's windows, boxes of faces."""

from typing import Final

import numpy as np

from maskdet_core.faces.nms import Boxes
from maskdet_core.faces.proposals import Squares
from maskdet_core.faces.window_crops import Windows

ASPECT: Final = 0.77
"""Width over height of a face's box in the reference framing, `maskdet_core.faces.finder`."""


def windows_of(squares: Squares) -> Windows:
    """Windows (N, 3), centre x, centre y and side, of squares (N, 3), left, top and side."""
    windows = squares.copy()
    windows[:, :2] += squares[:, 2:] / 2
    return windows


def boxes_of(windows: Windows) -> Boxes:
    """Boxes (N, 4), xywh, of windows (N, 3): as high as the window, `ASPECT` times as wide."""
    sizes = windows[:, 2:] * [[ASPECT, 1.0]]
    return np.hstack([windows[:, :2] - sizes / 2, sizes])
