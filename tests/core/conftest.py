"""Fakes of network and finder, images without a face, photos."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskdet_core import FaceBox, MaskDetector
from maskdet_core.batch.photos import check as photo_check
from maskdet_core.batch.photos import folder as folder_check
from maskdet_core.faces.finder import Fingerprint
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import Predictions
from tests.core.batch.fakes import BOX, Stub, map_in_this_process


class StubClassifier:
    """Returns given probabilities and keeps the crops that it is given."""

    def __init__(self, *probabilities: float) -> None:
        self.manifest = ModelManifest(
            name="stub", file="stub.tflite", sha256="0" * 64, size_bytes=1, input_size_px=32
        )
        self.probabilities = probabilities
        self.p_worn_wrong = 0.0
        self.p_face: Sequence[float] = (1.0,)
        self.seen: list[NDArray[np.uint8]] = []

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        self.seen.append(crops.copy())
        p_with_mask = np.resize(np.array(self.probabilities, dtype=np.float64), len(crops))
        p_worn_wrong = np.where(np.isfinite(p_with_mask), self.p_worn_wrong, np.nan)
        p_without_mask = 1 - p_with_mask - p_worn_wrong
        p_face = np.resize(np.array(self.p_face, np.float64), len(crops))
        return Predictions(p_with_mask, p_worn_wrong, p_without_mask, p_face)

    def activation_map(self, crops: NDArray[np.uint8]) -> None:
        return None


class StubFinder:
    """Returns given boxes and keeps the minimum heights that it is asked for."""

    scores_are_log_odds = False

    def __init__(self, *boxes: FaceBox) -> None:
        self.fingerprint = Fingerprint(name="StubFinder", definition={}, settings={})
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


@pytest.fixture(params=["black", "uniform", "noise"])
def blank_image(request: pytest.FixtureRequest) -> NDArray[np.uint8]:
    """An image without a face, uint8 RGB (240, 320, 3)."""
    if request.param == "noise":
        return np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    return np.full((240, 320, 3), 0 if request.param == "black" else 128, np.uint8)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, stub_classifier: Any, stub_finder: Any) -> Stub:
    made = Stub(stub_classifier(0.99), stub_finder(BOX))

    def load_detector(model: Any, finder: str | None = None, **values: Any) -> MaskDetector:
        return MaskDetector(made.finder, model, **values, **made.values)

    monkeypatch.setattr(photo_check, "load_classifier", lambda path, n_threads: made.classifier)
    monkeypatch.setattr(photo_check.MaskDetector, "load", load_detector)
    # a worker process would load the shipped network
    monkeypatch.setattr(folder_check, "map_in_order", map_in_this_process)
    return made


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Three photos with GPS in their EXIF, and a text called .jpg."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(3):
        picture = Image.fromarray(np.full((60, 80, 3), 100 + i, np.uint8))
        exif = Image.Exif()
        exif[0x010F] = "maker"
        exif.get_ifd(0x8825)[1] = "N"
        picture.save(folder / f"{i}.jpg", exif=exif, comment=b"said")
    (folder / "3.jpg").write_text("no picture")
    return sorted(folder.iterdir())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "results"
