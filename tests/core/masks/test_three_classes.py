"""A network with the classes mask, mask worn wrong, no mask and no face."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, MaskDetector, Verdict, load_classifier
from maskdet_core.faces.finder import Fingerprint
from maskdet_core.masks.classifier import Classifier
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.logits import mask_log_odds, predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from testbed.repository import REPO_ROOT

CLASSES = ("with_mask", "worn_wrong", "without_mask", "no_face")
RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
SIZE_PX = 16


def manifest_of(classes: tuple[str, ...] = CLASSES, temperature: float = 1.0) -> ModelManifest:
    return ModelManifest(
        "m", "m.tflite", "0" * 64, 1, classes=classes, temperature=temperature, input_size_px=16
    )


def crop(colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.full((SIZE_PX, SIZE_PX, 3), colour, np.uint8)


def halves(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> NDArray[np.uint8]:
    picture = crop(top)
    picture[SIZE_PX // 2 :] = bottom
    return picture


def test_probabilities_given_a_face_and_of_a_face() -> None:
    logits = np.log([[0.4, 0.2, 0.2, 0.2], [0.05, 0.03, 0.02, 0.9]])
    predictions = predictions_from_logits(logits, manifest_of())
    assert predictions[0] == pytest.approx((0.5, 0.25, 0.25))
    assert predictions[1] == pytest.approx((0.5, 0.3, 0.2))
    assert predictions.p_face == pytest.approx([0.8, 0.1])


def test_temperature_divides_all_logits() -> None:
    hot = predictions_from_logits(np.array([[8.0, 4.0, 0.0, 2.0]]), manifest_of(temperature=4.0))
    plain = predictions_from_logits(np.array([[2.0, 1.0, 0.0, 0.5]]), manifest_of())
    assert hot[0] == pytest.approx(plain[0])
    assert hot.p_face == pytest.approx(plain.p_face)


def test_class_order_comes_from_the_manifest() -> None:
    order = ("no_face", "without_mask", "worn_wrong", "with_mask")
    logits = np.array([[3.0, 1.0, 0.5, -2.0]])
    reordered = logits[:, [CLASSES.index(name) for name in order]]
    expected = predictions_from_logits(logits, manifest_of())
    got = predictions_from_logits(reordered, manifest_of(order))
    assert got[0] == pytest.approx(expected[0])
    assert got.p_face == pytest.approx(expected.p_face)


@pytest.mark.parametrize("classes", [CLASSES[::2], CLASSES[::2] + CLASSES[3:]])
def test_network_without_the_class_never_gives_worn_wrong(classes: tuple[str, ...]) -> None:
    logits = np.array([[3.0, -1.0, 0.2], [np.nan, 0.0, 0.0]])[:, : len(classes)]
    first, failed = predictions_from_logits(logits, manifest_of(classes))
    assert first.p_worn_wrong == 0.0
    assert first.p_with_mask == pytest.approx(1 / (1 + math.exp(-4)))
    assert first.p_with_mask + first.p_without_mask == pytest.approx(1)
    assert all(math.isnan(p) for p in failed)


def test_without_no_face_every_crop_is_a_face() -> None:
    predictions = predictions_from_logits(np.zeros((2, 3)), manifest_of(CLASSES[:3]))
    assert predictions.p_face.tolist() == [1.0, 1.0]
    assert predictions[0] == pytest.approx((1 / 3, 1 / 3, 1 / 3))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_logit_that_is_not_finite_gives_nan_for_that_crop_alone(bad: float, index: int) -> None:
    logits = np.array([[0.0] * 4, [9e9, 0.0, -9e9, 0.0]])
    logits[0, index] = bad
    predictions = predictions_from_logits(logits, manifest_of())
    assert all(math.isnan(p) for p in predictions[0])
    assert predictions[1] == (1.0, 0.0, 0.0)
    assert predictions.p_face[1] == 1.0


@pytest.mark.parametrize("classes", [CLASSES, CLASSES[:3], CLASSES[::2], CLASSES[::-1]])
def test_mean_of_the_map_is_the_log_odds_of_a_mask(classes: tuple[str, ...]) -> None:
    manifest = manifest_of(classes, temperature=1.7)
    spatial = np.random.default_rng(3).normal(0, 6, (5, 4, 3, len(classes)))
    maps = mask_log_odds(spatial, manifest)
    assert maps.shape == (5, 4, 3)
    p = predictions_from_logits(spatial.mean(axis=(1, 2)), manifest).p_with_mask
    assert maps.mean(axis=(1, 2)) == pytest.approx(np.log(p / (1 - p)))
    assert mask_log_odds(spatial[:0], manifest).shape == (0, 4, 3)


def test_classes_against_a_mask_count_by_their_probabilities() -> None:
    spatial = np.random.default_rng(4).normal(0, 3, (1, 1, 2, len(CLASSES)))
    ((first, second),) = mask_log_odds(spatial, manifest_of())[0]
    p = predictions_from_logits(spatial.mean(axis=(1, 2)), manifest_of())[0]
    with_mask, worn_wrong, without_mask, _ = spatial[0, 0, 0] - spatial[0, 0, 1]
    against = p.p_worn_wrong * worn_wrong + p.p_without_mask * without_mask
    assert first - second == pytest.approx(with_mask - against / (1 - p.p_with_mask))


BUILD = """
import sys
from pathlib import Path
import keras
import numpy as np
import tensorflow as tf
from maskdet_core.masks.manifest import ModelManifest

folder = Path(sys.argv[1])
classes = tuple(sys.argv[2:])
# red is a mask, green a mask worn wrong, blue no mask, black no face
weights = {"with_mask": [9, 0, 0], "worn_wrong": [0, 9, 0], "without_mask": [0, 0, 9],
           "no_face": [0, 0, 0]}
biases = {"no_face": 3.0}
inputs = keras.Input((16, 16, 3))
features = keras.layers.AveragePooling2D(4)(keras.layers.Rescaling(1 / 255)(inputs))
pooled = keras.layers.GlobalAveragePooling2D(name="pool")(features)
head = keras.layers.Dense(len(classes), name="logits")
by_location = keras.layers.Conv2D(len(classes), 1)
kept = keras.Model(inputs, head(pooled))
both = keras.Model(inputs, [kept.output, by_location(features)])
kernel = np.array([weights[name] for name in classes], np.float32).T
bias = np.array([biases.get(name, 0.0) for name in classes], np.float32)
head.set_weights([kernel, bias])
by_location.set_weights([kernel[None, None], bias])
kept.save(folder / "tiny.keras")

corners = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0], [255, 255, 255]])
crops = [np.broadcast_to(one, (1, 16, 16, 3)).astype(np.float32) for one in corners]
signature = keras.InputSpec(shape=(1, 16, 16, 3), dtype="float32")
both.export(folder / "saved", format="tf_saved_model", input_signature=[signature], verbose=False)
converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"))
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = lambda: ([one] for one in crops)
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
converter.inference_input_type = tf.uint8
(folder / "int8.tflite").write_bytes(converter.convert())
for name in ("tiny.keras", "int8.tflite"):
    path = folder / name
    manifest = ModelManifest.for_file(path, classes=classes, input_size_px=16, temperature=1.5)
    manifest.save(path.with_suffix(".json"))
"""


def build(folder: Path, classes: tuple[str, ...]) -> Path:
    """Make a tiny network for 16 px crops, as int8 LiteRT and in Keras, each with a manifest."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder), *classes],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPO_ROOT,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(
    scope="module",
    params=[CLASSES, ("no_face", "without_mask", "with_mask", "worn_wrong")],
    ids=["order of the trainer", "another order"],
)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("tiny"), request.param)


@pytest.fixture(scope="module")
def int8(folder: Path) -> Classifier:
    return load_classifier(folder / "int8.json")


@pytest.mark.timeout(180)
def test_int8_network_predicts_three_classes_and_no_face(int8: Classifier) -> None:
    predictions = int8.predict(np.stack([crop(one) for one in (RED, GREEN, BLUE, BLACK)]))
    assert [probabilities.index(max(probabilities)) for probabilities in predictions][:3] == [
        0,
        1,
        2,
    ]
    # logits 9, 0 and 0, divided by 1.5
    assert predictions.p_with_mask[0] == pytest.approx(1 / (1 + 2 * math.exp(-6)), abs=0.01)
    assert predictions.p_worn_wrong[1] == pytest.approx(1 / (1 + 2 * math.exp(-6)), abs=0.01)
    assert predictions[3] == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=0.05)
    assert np.all(predictions.p_face[:3] > 0.9)
    # logits 0, 0, 0 and 3, divided by 1.5
    assert predictions.p_face[3] == pytest.approx(3 / (3 + math.exp(2)), abs=0.05)


KERAS = """
import sys
import numpy as np
from maskdet_core import load_classifier

classifier = load_classifier(sys.argv[1])
crops = np.load(sys.argv[2])
predictions = classifier.predict(crops)
values = [predictions.p_with_mask, predictions.p_worn_wrong, predictions.p_without_mask,
          predictions.p_face]
np.savez(sys.argv[2] + ".npz", p=np.array(values), maps=classifier.activation_map(crops))
assert len(classifier.predict(crops[:0])) == 0
"""


@pytest.mark.timeout(180)
def test_keras_network_agrees_with_int8(folder: Path, int8: Classifier) -> None:
    crops = np.stack([crop(RED), crop(GREEN), crop(BLUE), crop(BLACK), halves(BLUE, RED)])
    np.save(folder / "crops.npy", crops)
    done = subprocess.run(
        [sys.executable, "-c", KERAS, str(folder / "tiny.keras"), str(folder / "crops.npy")],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPO_ROOT,
    )
    assert done.returncode == 0, done.stderr
    kept = np.load(folder / "crops.npy.npz")
    predictions = int8.predict(crops)
    for row, one in zip(
        kept["p"],
        (
            predictions.p_with_mask,
            predictions.p_worn_wrong,
            predictions.p_without_mask,
            predictions.p_face,
        ),
        strict=True,
    ):
        np.testing.assert_allclose(one, row, atol=0.05)
    maps = int8.activation_map(crops)
    assert maps is not None
    np.testing.assert_allclose(maps, kept["maps"], atol=0.3)


@pytest.mark.timeout(180)
def test_map_shows_where_a_mask_is_and_where_it_is_not(int8: Classifier) -> None:
    maps = int8.activation_map(np.stack([halves(GREEN, RED), halves(BLUE, RED)]))
    assert maps is not None and maps.shape == (2, 4, 4)
    assert np.all(maps[:, :2] < 0)
    assert np.all(maps[:, 2:] > 0)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("classes", [CLASSES[::2], CLASSES[::2] + CLASSES[3:]], ids=len)
def test_network_without_the_class_still_loads(classes: tuple[str, ...], tmp_path: Path) -> None:
    older = load_classifier(build(tmp_path, classes) / "int8.json")
    predictions = older.predict(np.stack([crop(one) for one in (RED, BLUE, GREEN)]))
    assert predictions.p_worn_wrong.tolist() == [0.0, 0.0, 0.0]
    assert predictions.p_with_mask == pytest.approx([0.998, 0.002, 0.5], abs=0.02)
    assert predictions.p_without_mask == pytest.approx([0.002, 0.998, 0.5], abs=0.02)
    maps = older.activation_map(np.stack([halves(BLUE, RED)]))
    assert maps is not None
    assert np.all(maps[0, :2] < 0) and np.all(maps[0, 2:] > 0)


class Finder:
    """Returns the given boxes; their scores are log odds."""

    scores_are_log_odds = True
    fingerprint = Fingerprint(name="Finder", definition={}, settings={})

    def __init__(self, *boxes: FaceBox) -> None:
        self.boxes = boxes

    def find(self, image_rgb: NDArray[np.uint8], *, min_face_px: int) -> list[FaceBox]:
        return list(self.boxes)


@pytest.mark.timeout(180)
def test_detector_gives_all_verdicts_and_rejects_what_is_no_face(int8: Classifier) -> None:
    colours = (RED, GREEN, BLUE, BLACK)
    image = np.concatenate([crop(colour) for colour in colours], axis=1)
    boxes = [FaceBox(i * SIZE_PX, 0, SIZE_PX, SIZE_PX, 9.0 - i) for i in range(4)]
    detector = MaskDetector(Finder(*boxes), int8)
    found = detector.detect(image)
    assert [face.verdict for face in found] == [
        Verdict.WITH_MASK,
        Verdict.WORN_WRONG,
        Verdict.WITHOUT_MASK,
    ]
    assert [face.verdict for face in detector.detect(image, two_classes=True)] == [
        Verdict.WITH_MASK,
        Verdict.WITHOUT_MASK,
        Verdict.WITHOUT_MASK,
    ]
    # the joint rule: a score of 9 with the weight of 1 outweighs what the network is missing
    lenient = MaskDetector(Finder(*boxes), int8, face_rule=FaceRule(1.0, 3.0))
    assert len(lenient.detect(image)) == 4
    strict = MaskDetector(Finder(*boxes), int8, face_rule=FaceRule(0.0, 3.0))
    assert len(strict.detect(image)) == 3
