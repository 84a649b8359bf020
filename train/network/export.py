"""Full-integer int8 LiteRT with the manifest that the app trusts."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from maskdet_core.files import write_whole
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import NO_FACE
from train.data.datasets import CLASSES, FaceSample
from train.data.detection import Photo
from train.data.images import FRAMING, IMAGE_SIZE_PX, plain_crop
from train.data.runs import RunFolder, now_iso
from train.data.split import Split
from train.errors import RunError
from train.evaluate.calibration import calibrated
from train.evaluate.face_rule import face_rules
from train.evaluate.metrics import float_logits, label_agreement
from train.network.config import NetworkConfig
from train.network.vgg19 import build_model, with_activation_map
from train.shipped import FINDER, NETWORK

CALIBRATION_FACES = 300
"""Faces whose activations set the int8 ranges."""


def load_trained(run: Path) -> keras.Model:
    """The trained network of a run, in float32 whatever precision it was trained in.

    Raises:
        RunError: the run has not finished, or is of another network than this version trains.
    """
    final = RunFolder(run).final
    if not final.exists():
        raise RunError(f"expected a finished run, {final} does not exist")
    trained = keras.models.load_model(final, compile=False)
    keras.mixed_precision.set_global_policy("float32")
    # the same layers anew, since each keeps the precision it was trained in
    model = build_model("none", network_of(run))
    if trained.output_shape != model.output_shape:
        raise RunError(
            f"expected a network of {model.output_shape[-1]} outputs in {run}, got "
            f"{trained.output_shape[-1]}: train a new one"
        )
    model.set_weights(trained.get_weights())
    return model


def network_of(run: Path) -> NetworkConfig:
    """What a run built around VGG19's convolutions.

    Raises:
        RunError: no run there, or one by another version.
    """
    config = RunFolder(run).read().get("config", {})
    try:
        return NetworkConfig(**config.get("network", {}))
    except TypeError as error:
        raise RunError(f"expected a run by this version in {run}: {error}") from error


def export(
    run: Path,
    split: Split,
    models: Path,
    photos: Sequence[Photo] = (),
    *,
    float_too: bool,
) -> Path:
    """Convert a finished run's network and write network, manifest and run records.

    Args:
        run: folder of the run.
        split: faces by side; calibration takes from `train`, the comparison `validation`.
        models: folder for `maskdet-vgg19-int8.tflite` and `.json`; the run's records go to
            `runs/` in it.
        photos: held back, to choose when a candidate of the cascades in `models` is no face.
        float_too: also write the float32 network as `maskdet-vgg19-float.keras`.

    Returns:
        Path of the manifest.
    """
    model = load_trained(run)
    record = RunFolder(run).read()
    models.mkdir(parents=True, exist_ok=True)
    target = models / f"{NETWORK}.tflite"
    step = max(1, len(split.train) // CALIBRATION_FACES)
    write_whole(target, _to_int8(model, split.train[::step]))
    if float_too:
        model.save(models / "maskdet-vgg19-float.keras", include_optimizer=False)
    values: dict[str, Any] = {
        "name": NETWORK,
        "classes": network_of(run).outputs,
        "input_size_px": IMAGE_SIZE_PX,
        "crop": FRAMING,
        "training": {
            "date": now_iso()[:10],
            "run": record["name"],
            "datasets": [{"name": d["name"], "n_train": d["n_train"]} for d in record["datasets"]],
            "start_weights": record["config"]["weights"],
            "epochs": record["epochs_total"],
        },
    }
    crops = np.stack([plain_crop(s) for s in split.validation])
    plain = ModelManifest.for_file(target, **values)
    in_int8 = MaskClassifier(target.read_bytes(), plain).logits(crops)
    masked = np.array([s.label == CLASSES.index("with_mask") for s in split.validation])
    same = label_agreement(float_logits(model, crops), in_int8)
    manifest_path = models / f"{NETWORK}.json"
    manifest = replace(calibrated(plain, in_int8, masked), metrics={"int8_same_label": same})
    if photos and NO_FACE in manifest.classes:
        classifier = MaskClassifier(target.read_bytes(), manifest)
        rules = face_rules(photos, models / f"{FINDER}.json", classifier)
        manifest = replace(manifest, face_rules=rules)
    manifest.save(manifest_path)
    records = models / "runs" / record["name"]
    records.mkdir(parents=True, exist_ok=True)
    for name in ("run.json", "epochs.jsonl"):
        shutil.copyfile(run / name, records / name)
    print(f"int8 and float32 agree on {same['n_same']} of {same['n']} validation faces")
    return manifest_path


def _to_int8(model: keras.Model, calibration: Sequence[FaceSample]) -> bytes:
    import tensorflow as tf

    def calibration_crops() -> Iterator[list[NDArray[np.float32]]]:
        for sample in calibration:
            yield [plain_crop(sample)[None].astype(np.float32)]

    signature = keras.InputSpec(shape=(1, IMAGE_SIZE_PX, IMAGE_SIZE_PX, 3), dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        with_activation_map(model).export(
            folder, format="tf_saved_model", input_signature=[signature], verbose=False
        )
        return _convert(tf.lite.TFLiteConverter.from_saved_model(folder), calibration_crops)


def _convert(converter: Any, calibration_crops: Callable[[], Iterator[Any]]) -> bytes:
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration_crops
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    return bytes(converter.convert())
