"""Stand-ins for network and finder, and the shipped model where it is present."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, Judgements, ModelManifest

MODEL = Path(__file__).parents[2] / "models" / "maskdet-vgg19-int8.json"


class StubClassifier:
    """Answers given probabilities and keeps the crops it was handed."""

    def __init__(self, *probabilities: float) -> None:
        self.manifest = ModelManifest(
            name="stub", file="stub.tflite", sha256="0" * 64, size_bytes=1, input_size_px=32
        )
        self.probabilities = probabilities
        self.p_face: Sequence[float] = (1.0,)
        self.seen: list[NDArray[np.uint8]] = []

    def predict(self, crops: NDArray[np.uint8]) -> Judgements:
        self.seen.append(crops.copy())
        p_with_mask = np.resize(np.array(self.probabilities, dtype=np.float64), len(crops))
        return Judgements(p_with_mask, np.resize(np.array(self.p_face, np.float64), len(crops)))

    def evidence(self, crops: NDArray[np.uint8]) -> None:
        return None


class StubFinder:
    """Answers given boxes and keeps the least size it was asked for."""

    def __init__(self, *boxes: FaceBox) -> None:
        self.boxes = boxes
        self.asked_px: list[int] = []

    def find(self, image_rgb: NDArray[np.uint8], *, min_face_px: int) -> list[FaceBox]:
        self.asked_px.append(min_face_px)
        return list(self.boxes)


@pytest.fixture
def stub_classifier() -> Callable[..., StubClassifier]:
    return StubClassifier


@pytest.fixture
def stub_finder() -> Callable[..., StubFinder]:
    return StubFinder


@pytest.fixture(scope="session")
def shipped_manifest() -> Path:
    if not MODEL.is_file():
        pytest.skip("models/ holds no network yet: run the training's export first")
    return MODEL


@pytest.fixture(scope="session")
def portrait() -> NDArray[np.uint8]:
    """A real face, public domain, from the scikit-image wheel: uint8 RGB 512 x 512."""
    data = pytest.importorskip("skimage.data", reason="scikit-image is not installed")
    return np.array(data.astronaut(), dtype=np.uint8)
