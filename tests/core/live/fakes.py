"""Fakes for camera, finder, network, clock and worker in the tests of live video."""

from collections.abc import Callable
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from maskdet_core import FaceBox, LiveProcessor, Verdict
from maskdet_core.live import InferenceWorker
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import Predictions

MakeFrame = Callable[..., av.VideoFrame]
Step = Callable[..., av.VideoFrame]


class FakeFinder:
    """Finds one face in the middle of any frame, or the given boxes; records the least heights."""

    def __init__(self) -> None:
        self.boxes: list[FaceBox] | None = None
        self.min_face_px: list[int] = []

    def find(self, image_rgb: NDArray[np.uint8], *, min_face_px: int) -> list[FaceBox]:
        self.min_face_px.append(min_face_px)
        height, width = image_rgb.shape[:2]
        if self.boxes is not None:
            return list(self.boxes)
        return [FaceBox(width // 4, height // 4, (width + 1) // 2, (height + 1) // 2, 1.0)]


class FakeNetwork:
    """Predicts the same for each crop, or raises while ``failing``; records the crops."""

    def __init__(self, p_with_mask: float = 0.97) -> None:
        self.manifest = ModelManifest("fake", "fake.tflite", "0" * 64, 1, input_size_px=16)
        self.p_with_mask = p_with_mask
        self.p_worn_wrong = 0.0
        self.p_face = 1.0
        self.failing = False
        self.crops: list[NDArray[np.uint8]] = []

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        if self.failing:
            raise RuntimeError("broken at secret.jpg")
        self.crops.append(crops.copy())
        p_without_mask = 1 - self.p_with_mask - self.p_worn_wrong
        values = (self.p_with_mask, self.p_worn_wrong, p_without_mask, self.p_face)
        return Predictions(*(np.full(len(crops), value) for value in values))

    def activation_map(self, crops: NDArray[np.uint8]) -> None:
        return None


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class ManualWorker(InferenceWorker):
    """A worker without a thread: tests call a viewer's `infer` themselves."""

    def __init__(self) -> None:
        self.viewers: list[Any] = []
        self.n_done = self.n_missed = 0

    @property
    def is_closed(self) -> bool:
        return False

    def register(self, viewer: Any) -> None:
        if viewer not in self.viewers:
            self.viewers.append(viewer)

    def unregister(self, viewer: Any) -> None:
        if viewer in self.viewers:
            self.viewers.remove(viewer)

    def notify(self, n_missed: int = 0) -> None:
        self.n_missed += n_missed

    def note_done(self, n_looks: int) -> None:
        self.n_done += n_looks


def counts(processor: LiveProcessor) -> dict[Verdict, int]:
    """Faces shown now by verdict, without zeros."""
    stats = processor.snapshot()
    return {verdict: n for verdict in Verdict if (n := stats.count(verdict))}


def n_looking(processor: LiveProcessor) -> int:
    """Faces shown now that are being looked at."""
    frame = processor.snapshot().frame
    return 0 if frame is None else frame.n_looking


def vermilion(frame: av.VideoFrame) -> NDArray[np.bool_]:
    """Which pixels have the colour of "no mask"."""
    rgb = frame.to_ndarray(format="rgb24").astype(int)
    return np.abs(rgb - [0xD5, 0x5E, 0]).max(axis=2) < 30
