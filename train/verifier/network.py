"""The verifier's network, its training, and its export to int8 LiteRT."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from train.data.files.records import add_record, write_json
from train.errors import RunError
from train.verifier.batches import BatchConfig, BatchSource
from train.verifier.framing import FIRST_LOOK, SECOND_LOOK

MEAN: Final = 118.0
SPREAD: Final = 60.0
"""Pixels are normalised to (x - mean) / spread. Both are whole numbers, so that the int8 network's
input, quantized by them, is the picture's own bytes."""
CALIBRATION_CROPS: Final = 400


@dataclass(frozen=True, slots=True)
class VerifierConfig:
    """Size of the network and of its training.

    Attributes:
        input_px: side of the input.
        layers: channels and stride of each 3x3 convolution.
        hidden: units between the last convolution and the outputs.
        epochs: of `steps` batches each.
        steps: batches of an epoch.
        learning_rate: at the start; falls to 0 by a cosine.
        weight_decay: of AdamW.
        offset_weight: of the loss of the offsets; that of the logit counts 1.
        seed: of start weights and batches.
        batches: how samples are drawn and varied.
    """

    input_px: int = FIRST_LOOK.input_px
    layers: tuple[tuple[int, int], ...] = ((16, 2), (32, 2), (48, 1), (64, 2), (64, 1))
    hidden: int = 64
    epochs: int = 12
    steps: int = 500
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    offset_weight: float = 1.0
    seed: int = 0
    batches: BatchConfig = field(default_factory=BatchConfig)


FIRST_NETWORK: Final = VerifierConfig()
SECOND_NETWORK: Final = VerifierConfig(
    input_px=SECOND_LOOK.input_px,
    layers=((16, 2), (32, 2), (64, 1), (96, 2), (96, 1), (128, 2)),
    hidden=128,
    batches=BatchConfig(shift=0.07, growth=0.11),
)
"""Four times the products of the first: it sees a tenth of the windows, and these are centred."""


def build_model(config: VerifierConfig) -> keras.Model:
    """The network: float pixels 0 to 255 (N, px, px, 3) in, a logit and three offsets out."""
    shape = (config.input_px, config.input_px, 3)
    normalised = keras.Input(shape)
    x = normalised
    for channels, stride in config.layers:
        x = keras.layers.Conv2D(channels, 3, stride, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.98)(x)
        x = keras.layers.ReLU()(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(config.hidden, activation="relu")(x)
    outputs = {
        "logit": keras.layers.Dense(1, name="logit")(x),
        "offsets": keras.layers.Dense(3, name="offsets")(x),
    }
    body = keras.Model(normalised, outputs, name="body")
    pixels = keras.Input(shape)
    rescaled = keras.layers.Rescaling(1 / SPREAD, -MEAN / SPREAD)(pixels)
    return keras.Model(pixels, body(rescaled))


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The batches of one epoch after the other, in Keras' form."""

    def __init__(self, source: BatchSource, steps: int, first_epoch: int) -> None:
        super().__init__()
        self._source, self._steps, self._epoch = source, steps, first_epoch

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, number: int) -> tuple[Any, Any, Any]:
        batch = self._source.batch(self._epoch, number)
        return (
            batch.pictures,
            {"logit": batch.is_face[:, None], "offsets": batch.offsets},
            {"logit": batch.counts, "offsets": batch.has_offsets},
        )

    def on_epoch_end(self) -> None:
        self._epoch += 1


class _Records(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the network and a line of figures after each epoch."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.model.save(self._folder / "last.keras")
        figures = {name: round(float(value), 5) for name, value in (logs or {}).items()}
        add_record(self._folder / "epochs.jsonl", {"epoch": epoch, **figures}, "epoch")
        print(json.dumps({"epoch": epoch, **figures}), flush=True)


def fit_verifier(
    config: VerifierConfig,
    source: BatchSource,
    folder: Path,
    start: Path | None = None,
    *,
    resume: bool = False,
) -> Path:
    """Train, with a checkpoint after each epoch.

    Args:
        config: size and seed.
        source: of the batches.
        folder: of the run.
        start: a trained network to go on from, with a learning rate that starts again.
        resume: go on after the last whole epoch of `folder`.

    Returns:
        The trained network's file.

    Raises:
        RunError: the folder holds a training and `resume` is not asked for, or one of other
            settings.
    """
    record, last, settings = asdict(config), folder / "last.keras", folder / "config.json"
    final = folder / "final.keras"
    first = 0
    keras.utils.set_random_seed(config.seed)
    if settings.exists():
        if not resume:
            raise RunError(f"{folder} holds a training: add --resume or another --out")
        if json.loads(settings.read_text(encoding="utf-8")) != json.loads(json.dumps(record)):
            raise RunError(f"expected the settings that {folder} began with")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(settings, record)
    if resume and last.exists():
        model = keras.models.load_model(last)
        first = int(model.optimizer.iterations) // config.steps
    else:
        model = build_model(config)
        if start is not None:
            model.set_weights(keras.models.load_model(start, compile=False).get_weights())
        rate = keras.optimizers.schedules.CosineDecay(
            config.learning_rate, config.epochs * config.steps, alpha=0.01
        )
        model.compile(
            keras.optimizers.AdamW(rate, weight_decay=config.weight_decay),
            {
                "logit": keras.losses.BinaryCrossentropy(from_logits=True),
                "offsets": keras.losses.Huber(),
            },
            {"logit": 1.0, "offsets": config.offset_weight},
        )
    if first < config.epochs:
        model.fit(
            _Batches(source, config.steps, first),
            initial_epoch=first,
            epochs=config.epochs,
            callbacks=[_Records(folder)],
            shuffle=False,
            verbose=0,
        )
    model.save(final, include_optimizer=False)
    return final


def load_verifier(path: Path) -> keras.Model:
    """A trained network.

    Raises:
        RunError: no finished training there.
    """
    if not path.is_file():
        raise RunError(f"expected a finished training at {path}")
    return keras.models.load_model(path, compile=False)


def to_int8(model: keras.Model, crops: NDArray[np.uint8]) -> bytes:
    """The network in full-integer int8 LiteRT: uint8 pixels in, float32 logit and offsets out.

    Args:
        model: by `fit_verifier`.
        crops: uint8 (N, px, px, 3), whose activations set the int8 ranges.

    Raises:
        RunError: the converter's input differs from the pictures' bytes.
    """
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for crop in crops[:CALIBRATION_CROPS].astype(np.float32):
            # the whole range of bytes, so that a step of the input is one of them
            crop[0, 0, 0], crop[0, 0, 1] = 0, 255
            yield [(crop[None] - MEAN) / SPREAD]

    signature = keras.InputSpec(shape=(None, *crops.shape[1:]), dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        model.get_layer("body").export(
            folder, format="tf_saved_model", input_signature=[signature], verbose=False
        )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        network = bytes(converter.convert())
    scale, zero = Interpreter(model_content=network).get_input_details()[0]["quantization"]
    if zero != MEAN or abs(scale * SPREAD - 1) > 1e-3:
        raise RunError(
            f"expected an input quantized by 1/{SPREAD:g} and {MEAN:g}, got {scale} and {zero}"
        )
    return network
