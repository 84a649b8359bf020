"""OpenCV's Haar cascade classifier, loaded safely and shared safely by threads."""

import threading
from pathlib import Path
from typing import Any

import cv2

from maskdet_core.errors import CascadeError


def load_cascade(path: Path) -> Any:
    """Load one cascade file.

    Raises:
        CascadeError: the file is missing, empty or no cascade; OpenCV alone would stay silent
            until the first search.
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
        # Some builds answer a malformed file with SystemError around OpenCV's own exception.
        raise CascadeError(f"expected a cascade in {path}, got something else") from error
    if cascade.empty():
        raise CascadeError(f"expected a cascade in {path}, got something else")
    return cascade


class ThreadLocalCascade:
    """A cascade that each thread loads for itself, since OpenCV's copies share buffers."""

    def __init__(self, path: Path) -> None:
        """Load it now, so that a broken file is not found out at the first frame.

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
