"""OpenCV's Haar cascade classifier: validated at load, one copy for each thread."""

import threading
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import cv2

from maskdet_core.errors import CascadeError


def load_cascade(path: Path, stages: int | None = None) -> Any:
    """Load one cascade file.

    Args:
        path: of the file.
        stages: how many of its stages to keep, from the first; None keeps all.

    Raises:
        CascadeError: the file is missing, empty or no cascade, which OpenCV itself reports only
            at the first search; or it has fewer stages.
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
        if stages is not None and not cascade.empty():
            cascade = _first_stages(path, stages)
    except (cv2.error, SystemError) as error:
        # some builds wrap OpenCV's exception for a malformed file in a SystemError
        raise CascadeError(f"expected a cascade in {path}, got something else") from error
    if cascade.empty():
        raise CascadeError(f"expected a cascade in {path}, got something else")
    return cascade


def _first_stages(path: Path, n: int) -> Any:
    root = ET.parse(path).getroot()
    stages, number = root.find("cascade/stages"), root.find("cascade/stageNum")
    if stages is None or number is None or len(stages) < n:
        got = 0 if stages is None else len(stages)
        raise CascadeError(f"expected a cascade of {n} stages or more in {path}, got {got}")
    del stages[n:]
    number.text = str(n)
    # OpenCV takes a text for XML by its first characters
    text = '<?xml version="1.0"?>\n' + ET.tostring(root, encoding="unicode")
    # the nodes live no longer than their storage
    storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    cascade = cv2.CascadeClassifier()
    cascade.read(storage.getFirstTopLevelNode())
    return cascade


class ThreadLocalCascade:
    """A cascade that each thread loads for itself: `cv2.CascadeClassifier` is not thread-safe."""

    def __init__(self, path: Path, stages: int | None = None) -> None:
        """Load the cascade now, so that a broken file fails here and not at the first frame.

        Args:
            path: of its file.
            stages: see `load_cascade`.

        Raises:
            CascadeError: see `load_cascade`.
        """
        self._path, self._stages = path, stages
        self._own = threading.local()
        self.get()

    def get(self) -> Any:
        """This thread's `cv2.CascadeClassifier`."""
        cascade = getattr(self._own, "cascade", None)
        if cascade is None:
            cascade = self._own.cascade = load_cascade(self._path, self._stages)
        return cascade
