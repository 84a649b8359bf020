import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import ModelError, load_classifier
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.loading import default_model_path
from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import Predictions
from testbed.repository import REPO_ROOT


def manifest_with(**values: object) -> ModelManifest:
    known = {"name": "m", "file": "m.tflite", "sha256": "0" * 64, "size_bytes": 1}
    return ModelManifest(**{**known, **values})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def shipped(shipped_manifest: Path) -> MaskClassifier:
    return MaskClassifier.from_manifest(shipped_manifest)


def crops(n: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (n, 128, 128, 3), dtype=np.uint8)


def test_probability_is_the_softmax_over_the_two_classes() -> None:
    p = predictions_from_logits(
        np.array([[1.0, 0.0], [0.0, 0.0], [-2.0, 2.0]]), manifest_with()
    ).p_with_mask
    assert p == pytest.approx([0.731059, 0.5, 0.017986], abs=1e-6)


def test_temperature_flattens_the_probability() -> None:
    p = predictions_from_logits(np.array([[4.0, 0.0]]), manifest_with(temperature=4.0)).p_with_mask
    assert p == pytest.approx([0.731059], abs=1e-6)


def test_class_order_comes_from_the_manifest_and_no_face_changes_nothing() -> None:
    manifest = manifest_with(classes=("without_mask", "no_face", "with_mask"))
    p = predictions_from_logits(np.array([[0.0, 50.0, 1.0]]), manifest).p_with_mask
    assert p == pytest.approx([0.731059], abs=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logit_that_is_not_finite_gives_nan_for_that_crop_alone(bad: float) -> None:
    p = predictions_from_logits(
        np.array([[bad, 0.0], [0.0, bad], [9e9, -9e9]]), manifest_with()
    ).p_with_mask
    assert np.isnan(p[:2]).all()
    assert p[2] == pytest.approx(1.0)


def test_probability_of_a_face_is_what_the_third_class_leaves() -> None:
    manifest = manifest_with(classes=("with_mask", "without_mask", "no_face"))
    logits = np.array([[1.0, 1.0, 1.0], [9.0, 0.0, -9.0], [0.0, 0.0, 800.0], [0.0, 1.0, np.nan]])
    predictions = predictions_from_logits(logits, manifest)
    assert predictions.p_face[:3] == pytest.approx([2 / 3, 1.0, 0.0], abs=1e-6)
    assert np.isnan(predictions.p_face[3])
    assert predictions.p_with_mask == pytest.approx([0.5, 0.999877, 0.5, 0.268941], abs=1e-6)
    # a network of two classes takes every crop for a face
    assert predictions_from_logits(logits[:, :2], manifest_with()).p_face.tolist() == [1.0] * 4


def test_predictions_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shapes \[\(2,\), \(2,\), \(2,\), \(3,\)\]"):
        Predictions.of_two_classes(np.zeros(2), np.zeros(3))


def test_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(b"no network at all" * 10)
    ModelManifest.for_file(model).save(tmp_path / "m.json")
    with pytest.raises(ModelError, match=r"m\.tflite: expected a LiteRT network"):
        load_classifier(tmp_path / "m.json")


def test_unknown_file_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"\.json manifest or a \.keras"):
        load_classifier(tmp_path / "model.pkl")


def test_missing_keras_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        load_classifier(tmp_path / "model.keras")


def test_environment_sets_the_default_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MASKDET_MODEL", raising=False)
    assert default_model_path().parts[-2:] == ("models", "maskdet-vgg19-int8.json")
    monkeypatch.setenv("MASKDET_MODEL", "elsewhere/m.json")
    assert default_model_path() == Path("elsewhere/m.json")


def test_shipped_network_gives_probabilities(shipped: MaskClassifier) -> None:
    predictions = shipped.predict(crops(3))
    for p in (predictions.p_with_mask, predictions.p_face):
        assert p.shape == (3,)
        assert p.dtype == np.float64
        assert np.all((p >= 0) & (p <= 1))
    assert len(shipped.predict(crops(0))) == 0
    assert shipped.logits(crops(2)).shape == (2, len(shipped.manifest.classes))


def test_shipped_network_classifies_a_bare_face(
    shipped: MaskClassifier, portrait: NDArray[np.uint8]
) -> None:
    from maskdet_core import FaceBox
    from maskdet_core.masks.crops import square_crop

    box = FaceBox(184, 62, 80, 110, 1.0)
    crop = square_crop(portrait, box, shipped.manifest.crop, 128)
    predictions = shipped.predict(crop[None])
    assert predictions.p_with_mask[0] < 0.2
    assert predictions.p_face[0] > 0.9


def test_manifest_with_another_class_count_is_refused(shipped_manifest: Path) -> None:
    manifest = ModelManifest.load(shipped_manifest)
    model = manifest.read_model(shipped_manifest.parent)
    other = ModelManifest(
        manifest.name,
        manifest.file,
        manifest.sha256,
        manifest.size_bytes,
        classes=("with_mask", "without_mask", "no_face"),
    )
    with pytest.raises(ModelError, match="output shape"):
        MaskClassifier(model, other)


def test_truncated_or_modified_network_is_refused(shipped_manifest: Path, tmp_path: Path) -> None:
    raw = json.loads(shipped_manifest.read_text())
    (tmp_path / "m.json").write_text(json.dumps(raw))
    model = bytearray((shipped_manifest.parent / raw["file"]).read_bytes())
    copy = tmp_path / raw["file"]
    copy.write_bytes(model[: len(model) // 2])
    with pytest.raises(ModelError, match="bytes"):
        load_classifier(tmp_path / "m.json")
    model[len(model) // 2] ^= 0xFF
    copy.write_bytes(model)
    with pytest.raises(ModelError, match="sha256"):
        load_classifier(tmp_path / "m.json")


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 128, 128, 3), np.float32),
        np.zeros((128, 128, 3), np.uint8),
        np.zeros((1, 64, 64, 3), np.uint8),
        np.zeros((1, 128, 128, 1), np.uint8),
    ],
)
def test_other_crops_are_refused(shipped: MaskClassifier, wrong: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="crops"):
        shipped.predict(wrong)


def test_predictions_are_not_changed_by_later_calls(shipped: MaskClassifier) -> None:
    first = shipped.predict(crops(1, 1)).p_with_mask
    kept = first.copy()
    shipped.predict(crops(1, 2))
    assert np.array_equal(first, kept)


def test_eight_threads_predict_as_one(shipped: MaskClassifier) -> None:
    different = np.concatenate([crops(6), np.full((2, 128, 128, 3), 40, np.uint8)])
    alone = shipped.predict(different).p_with_mask.tolist()
    assert len(set(alone)) > 2, "the crops must give different predictions"
    # all threads start together, each at another crop, so that every call has competitors
    start = threading.Barrier(8)

    def work(thread: int) -> list[tuple[int, float]]:
        order = [(thread + step) % len(different) for step in range(10)]
        start.wait(timeout=30)
        return [(i, float(shipped.predict(different[i : i + 1]).p_with_mask[0])) for i in order]

    with ThreadPoolExecutor(8) as pool:
        together = [answer for part in pool.map(work, range(8)) for answer in part]
    assert len(together) == 80
    assert [p for _, p in together] == [alone[i] for i, _ in together]


HOSTILE = """
import sys
from pathlib import Path
import keras
from maskdet_core import ModelError, load_classifier

folder = Path(sys.argv[1])
keras.config.enable_unsafe_deserialization()
keras.utils.set_random_seed(0)


def network(middle):
    return keras.Sequential([keras.Input((128, 128, 3)), middle,
        keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)])


network(keras.layers.Lambda(lambda x: (open({marker!r}, "w").close(), x)[1])).save(
    folder / "hostile.keras")
network(keras.layers.Rescaling(1 / 255)).save(folder / "plain.keras")
Path({marker!r}).unlink()
from keras.src.saving import serialization_lib
from keras.src.backend.common import global_state
global_state.set_global_attribute("safe_mode_saving", True)

import numpy as np
crops = np.full((2, 128, 128, 3), 9, np.uint8)
p = load_classifier(folder / "plain.keras").predict(crops).p_with_mask
print("plain", p.shape, bool(((p > 0) & (p < 1)).all()))
try:
    load_classifier(folder / "hostile.keras")
    print("loaded")
except ModelError as error:
    print("refused", "safe mode" in str(error))
print("ran" if Path({marker!r}).exists() else "nothing ran")
(folder / "broken.keras").write_bytes(b"PK not a zip")
try:
    load_classifier(folder / "broken.keras")
except ModelError:
    print("broken refused")
"""


@pytest.mark.timeout(180)
def test_keras_file_is_loaded_in_safe_mode(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    script = HOSTILE.replace("{marker!r}", repr(str(tmp_path / "marker")))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPO_ROOT,
    )
    assert done.stdout.splitlines() == [
        "plain (2,) True",
        "refused True",
        "nothing ran",
        "broken refused",
    ], done.stderr
