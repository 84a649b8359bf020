"""OpenCV's Haar cascade classifier: validated at load, one copy for each thread."""

import threading
from pathlib import Path
from typing import Any

import cv2

from maskdet_core.errors import CascadeError


def load_cascade(path: Path) -> Any:
    """Load one cascade file.

    Raises:
        CascadeError: the file is missing, empty or no cascade, which OpenCV itself reports only
            at the first search.
    """
    path = Path(path)
    if not path.is_file() or path.stat().st_size == 0:
        raise CascadeError(
            f"expected a cascade file at {path}, got {'an empty' if path.exists() else 'no'} file; "
            "restore it with `git checkout models`, or reinstall opencv-python-headless "
            "(4.12 or later, below 5) where it is one of OpenCV's own"
        )
    try:
        cascade = cv2.CascadeClassifier(str(path))
    except (cv2.error, SystemError) as error:
        # some builds wrap OpenCV's exception for a malformed file in a SystemError
        raise CascadeError(f"expected a cascade in {path}, got something else") from error
    if cascade.empty():
        raise CascadeError(f"expected a cascade in {path}, got something else")
    return cascade


class ThreadLocalCascade:
    """A cascade that each thread loads for itself: `cv2.CascadeClassifier` is not thread-safe."""

    def __init__(self, path: Path) -> None:
        """Load the cascade now, so that a broken file fails here and not at the first frame.

        Raises:
            CascadeError: see `load_cascade`.
        """
        self._path = path
        self._own = threading.local()
        self.get()

    def get(self) -> Any:
        """This thread's `cv2.CascadeClassifier`."""
        cascade = getattr(self._own, "cascade", None)
        if cascade is None:
            cascade = self._own.cascade = load_cascade(self._path)
        return cascade
