from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest, NetworkFile
from maskdet_core.faces.verifier_network import (
    BATCH,
    MAX_GROWTH,
    OFFSET_SCALE,
    VerifierNetwork,
    moved,
    offsets_between,
)
from maskdet_core.faces.window_crops import WindowCutter
from tests.core.faces.pictures import FACE, with_mask


def entry() -> NetworkFile:
    return CascadeManifest.load(DEFAULT_MANIFEST).first_look


MODEL = entry()


def load(input_px: int = MODEL.input_px) -> VerifierNetwork:
    path = MODEL.resolve(DEFAULT_MANIFEST.parent)
    return VerifierNetwork(path.read_bytes(), input_px, source="verifier.tflite")


def cut(image: NDArray[np.uint8], windows: NDArray[np.float64]) -> NDArray[np.uint8]:
    return WindowCutter(image).cut(windows, MODEL.context, MODEL.input_px)


FACE_WINDOW = (FACE.x + FACE.w / 2, FACE.y + FACE.h / 2, float(FACE.h))


@pytest.mark.parametrize("masked", [False, True])
def test_face_scores_higher_than_its_surroundings(
    masked: bool, portrait: NDArray[np.uint8]
) -> None:
    image = with_mask(portrait) if masked else portrait
    x, y, side = FACE_WINDOW
    windows = np.array([FACE_WINDOW, (x, y + 2 * side, side), (x - 1.5 * side, y, side)])
    looks = load().look(cut(image, windows), windows)
    assert looks.logits[0] > 2 + looks.logits[1:].max()


@pytest.mark.parametrize(("shift", "growth"), [(0.2, 1.0), (-0.2, 1.0), (0.0, 1.3), (0.0, 0.8)])
def test_loose_windows_are_moved_towards_the_face(
    shift: float, growth: float, portrait: NDArray[np.uint8]
) -> None:
    x, y, side = FACE_WINDOW
    windows = np.array([(x + shift * side, y, growth * side)])
    looks = load().look(cut(portrait, windows), windows)
    error = np.abs(windows[0] - FACE_WINDOW) / side
    centred = np.abs(looks.windows[0] - FACE_WINDOW) / side
    assert centred[0] < 0.1
    assert centred.sum() < 0.75 * error.sum() + 0.1


def test_crops_of_one_call_do_not_depend_on_each_other(portrait: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(0)
    n = BATCH + 7
    windows = np.column_stack([rng.uniform(50, 450, (n, 2)), rng.uniform(24, 200, n)])
    crops = cut(portrait, windows)
    network = load()
    together = network.look(crops, windows)
    for index in (0, 5, BATCH, n - 1):
        part = slice(index, index + 1)
        alone = network.look(crops[part], windows[part])
        assert alone.logits == pytest.approx(together.logits[part], abs=1e-6)
        assert alone.windows == pytest.approx(together.windows[part], abs=1e-4)
    assert len(network.look(crops[:0], windows[:0]).logits) == 0


def test_threads_share_one_network(portrait: NDArray[np.uint8]) -> None:
    network = load()
    windows = np.array([FACE_WINDOW] * 9)
    crops = cut(portrait, windows)
    with ThreadPoolExecutor(4) as pool:
        sizes = [1, 9, 3, 7] * 4
        looks = list(pool.map(lambda n: network.look(crops[:n], windows[:n]), sizes))
    assert {len(look.logits) for look in looks} == {1, 3, 7, 9}
    assert len({float(logit) for look in looks for logit in look.logits}) == 1


@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((1, MODEL.input_px, MODEL.input_px, 3), np.float32),
        np.zeros((2, MODEL.input_px, MODEL.input_px, 3), np.uint8),
        np.zeros((1, 8, 8, 3), np.uint8),
    ],
)
def test_other_crops_are_refused(crops: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="expected uint8 crops of shape"):
        load().look(crops, np.array([[10.0, 10.0, 24.0]]))


def test_other_networks_are_refused(repo_root: Path) -> None:
    with pytest.raises(CascadeError, match=r"verifier\.tflite: expected inputs and outputs"):
        load(MODEL.input_px * 2)
    classifier = (repo_root / "models" / "maskdet-vgg19-int8.tflite").read_bytes()
    with pytest.raises(CascadeError, match="expected inputs and outputs"):
        VerifierNetwork(classifier, MODEL.input_px)
    with pytest.raises(CascadeError, match="expected a LiteRT network"):
        VerifierNetwork(b"not a network", MODEL.input_px)


def test_offsets_move_a_window_onto_its_face() -> None:
    windows = np.array([[100.0, 80.0, 40.0], [10.0, 20.0, 24.0]])
    faces = np.array([[110.0, 70.0, 50.0], [10.0, 20.0, 16.0]])
    offsets = offsets_between(windows, faces)
    assert offsets[0, :2] == pytest.approx([OFFSET_SCALE * 0.25, OFFSET_SCALE * -0.25])
    assert moved(windows, offsets) == pytest.approx(faces)
    wild = moved(windows, np.full((2, 3), 1e6))
    assert wild[:, 2] == pytest.approx(windows[:, 2] * np.exp(MAX_GROWTH))
