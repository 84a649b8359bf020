"""Time to classify one face: the shipped int8 network beside other ways to run a VGG19.

All take one crop of 128 x 128 px at a time and take turns on the same machine; times are medians,
with ratios to the shipped network. The float networks have VGG19's own widths, as `whole` has. The
runtime's ceiling is the rate of an int8 matrix product (a 1 x 1 convolution, the best of a few
sizes) in the same runtime with as many threads. The processor's is the products that its widest
instructions can do in a cycle, times cores, times the measured clock (`benchmarks.processor`).
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.processor import this_processor
from maskdet_core import load_classifier
from maskdet_core.cpu import N_THREADS
from maskdet_core.masks.loading import DEFAULT_MODEL, WHOLE, WHOLE_MODEL
from train.network.cost import products

SIDE_PX: Final = 128
_MATRIX_PRODUCTS: Final = ((64, 256, 256), (64, 512, 512), (32, 512, 512), (32, 1024, 1024))
"""Side of the input, channels in and channels out of the 1 x 1 convolutions."""
_ROUNDS: Final = 15


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("classifier", help="time to classify one face, several ways")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 without TensorFlow."""
    try:
        import keras
        import tensorflow as tf

        from train.network.sources import read_trained
    except ImportError:
        print("this benchmark needs TensorFlow: use the training environment")
        return 2
    shipped: Any = load_classifier()
    alone, whole = load_classifier(n_threads=1), load_classifier(WHOLE)
    whole_alone = load_classifier(WHOLE, n_threads=1)
    crop = np.random.default_rng(0).integers(0, 256, (1, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    as_float = crop.astype(np.float32)
    network = _float_vgg19(keras)
    graph = tf.function(lambda x: network(x, training=False))
    ways: dict[str, Callable[[], Any]] = {
        "int8, as shipped": lambda: shipped.predict(crop),
        "the same, 1 thread": lambda: alone.predict(crop),
        "whole": lambda: whole.predict(crop),
        "whole, 1 thread": lambda: whole_alone.predict(crop),
        "model.predict": lambda: network.predict(as_float, verbose=0),
        "tf.function": lambda: graph(tf.constant(as_float)),
        "LiteRT float32": _litert(_converted(tf, network), as_float),
    }
    matrices = {size: _litert(_product(tf, keras, *size), None) for size in _MATRIX_PRODUCTS}
    times: dict[Any, list[float]] = {name: [] for name in (*ways, *matrices)}
    for _ in range(options.rounds):
        for name, work in (*ways.items(), *matrices.items()):
            times[name].append(_seconds(work))
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = medians["int8, as shipped"]
    for name in ways:
        print(f"{name:18s} {1000 * medians[name]:7.2f} ms, {medians[name] / ours:.2f} x")
    rate = max(
        side**2 * inner * outer / medians[side, inner, outer] for side, inner, outer in matrices
    )
    print(f"ceiling of the runtime: {rate / 1e9:.0f} billion MACs a second, {N_THREADS} threads")
    _print_processor(rate)
    for name, path, seconds in (
        ("shipped", DEFAULT_MODEL, ours),
        ("whole", WHOLE_MODEL, medians["whole"]),
    ):
        n_macs = products(read_trained(path.with_suffix(".tflite"))[1])
        print(f"{name}: {n_macs / 1e9:.2f} billion MACs, {n_macs / rate / seconds:.0%} of it")
    return 0


def _print_processor(runtime_rate: float) -> None:
    processor = this_processor()
    own_rate = processor.rate(N_THREADS)
    if not own_rate:
        print(f"ceiling of the processor: not known for this one, {processor.name}")
        return
    print(
        f"ceiling of the processor: {own_rate / 1e9:.0f} billion, {processor.per_cycle} a cycle by "
        f"{processor.instructions}, {N_THREADS} cores at {processor.hertz / 1e9:.2f} GHz "
        f"(measured); the runtime's is {runtime_rate / own_rate:.0%} of it; {processor.name}"
    )


def _float_vgg19(keras: Any) -> Any:
    """VGG19 with a head of three classes; the weights do not affect its speed."""
    features = keras.applications.VGG19(
        weights=None, include_top=False, input_shape=(SIDE_PX, SIDE_PX, 3), pooling="avg"
    )
    return keras.Model(features.input, keras.layers.Dense(3)(features.output))


def _product(tf: Any, keras: Any, side: int, inner: int, outer: int) -> bytes:
    """LiteRT file of a 1 x 1 convolution in int8, which is a plain matrix product."""
    inputs = keras.Input((side, side, inner), batch_size=1)
    model = keras.Model(inputs, keras.layers.Conv2D(outer, 1, use_bias=False)(inputs))
    rng = np.random.default_rng(1)

    def examples() -> Any:
        for _ in range(4):
            yield [rng.normal(size=(1, side, side, inner)).astype(np.float32)]

    return _converted(tf, model, examples)


def _converted(tf: Any, model: Any, examples: Callable[[], Any] | None = None) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        model.export(Path(folder) / "model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(Path(folder) / "model"))
        if examples is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = examples
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def _litert(model: bytes, value: NDArray[Any] | None) -> Callable[[], None]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=N_THREADS)
    interpreter.allocate_tensors()
    (asked,) = interpreter.get_input_details()
    if value is None:
        value = np.random.default_rng(2).integers(-128, 128, asked["shape"], dtype=np.int8)
    interpreter.set_tensor(asked["index"], value)
    return interpreter.invoke  # type: ignore[no-any-return]


def _seconds(work: Callable[[], Any], n: int = 8) -> float:
    work()
    start = time.perf_counter()
    for _ in range(n):
        work()
    return (time.perf_counter() - start) / n
