"""One face through the shipped network in LiteRT, OpenVINO and ONNX Runtime, in one run.

OpenVINO reads the LiteRT file itself; for ONNX Runtime it is rewritten (`benchmarks.qdq`), with
signed and with unsigned weights, for which it has different kernels. All have the same integers and
as many threads, and take turns. Times are medians; processor time is that of all threads. The
largest difference of the logits from LiteRT's, over random crops, is printed beside them.
``ONEDNN_MAX_CPU_ISA=AVX2`` in the environment limits OpenVINO's instructions; LiteRT and ONNX
Runtime have no such switch.

Needs ``pip install -r requirements-bench.txt``, best in an environment of its own.
"""

import argparse
import os
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
from maskdet_core.masks.loading import DEFAULT_MODEL

_ROUNDS: Final = 25
_RUNS: Final = 16
_N_CROPS: Final = 16
_SIDE_PX: Final = 128
Run = Callable[[NDArray[np.uint8]], NDArray[Any]]
"""Logits (1, n_classes) of a crop uint8 (1, 128, 128, 3)."""


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("runtimes", help="one face in LiteRT, OpenVINO and ONNX Runtime")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 without the other runtimes."""
    try:
        runtimes = _runtimes(DEFAULT_MODEL.with_suffix(".tflite"))
    except ImportError as error:
        print(f"this benchmark needs requirements-bench.txt: {error}")
        return 2
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (_N_CROPS, 1, _SIDE_PX, _SIDE_PX, 3), dtype=np.uint8)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runtimes}
    for _ in range(options.rounds):
        for name, work in runtimes.items():
            times[name].append(_seconds(work, crops[0]))
    medians = {name: statistics.median(took for took, _ in times[name]) for name in times}
    spent = {name: statistics.median(spent for _, spent in times[name]) for name in times}
    processor = this_processor()
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "all that it has")
    print(f"{processor.name} ({processor.instructions}), OpenVINO with {limit}")
    for name, work in runtimes.items():
        library, threads = name.rsplit(", ", 1)
        reference = f"LiteRT, {threads}"
        expected = [runtimes[reference](crop) for crop in crops]
        difference = max(
            float(np.abs(work(crop) - logits).max())
            for crop, logits in zip(crops, expected, strict=True)
        )
        print(
            f"{library:13s} {threads}: {1000 * medians[name]:6.3f} ms, "
            f"{1000 * spent[name]:6.3f} ms of processor time, "
            f"{medians[reference] / medians[name]:.2f} x LiteRT's speed, "
            f"logits differ by at most {difference:.2f}"
        )
    return 0


def _runtimes(model: Path) -> dict[str, Run]:
    import onnxruntime
    import openvino

    from benchmarks.qdq import onnx_of

    graphs = {
        "ONNX Runtime": onnx_of(model.read_bytes()),
        "ONNX unsigned": onnx_of(model.read_bytes(), unsigned_weights=True),
    }
    core: Any = openvino.Core()
    found: dict[str, Run] = {}
    for n_threads in sorted({1, N_THREADS}):
        classifier: Any = load_classifier(n_threads=n_threads)
        found[f"LiteRT, {n_threads} threads"] = classifier.logits
        compiled = core.compile_model(
            core.read_model(model),
            "CPU",
            {"INFERENCE_NUM_THREADS": n_threads, "PERFORMANCE_HINT": "LATENCY"},
        )
        found[f"OpenVINO, {n_threads} threads"] = _openvino(compiled)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads, settings.inter_op_num_threads = n_threads, 1
        for name, graph in graphs.items():
            session = onnxruntime.InferenceSession(
                graph, settings, providers=["CPUExecutionProvider"]
            )
            found[f"{name}, {n_threads} threads"] = _onnx(session)
    return found


def _openvino(compiled: Any) -> Run:
    request = compiled.create_infer_request()
    # the head's weights have two dimensions too
    index = next(
        i for i, out in enumerate(compiled.outputs) if len(out.shape) == 2 and out.shape[0] == 1
    )

    def logits(crop: NDArray[np.uint8]) -> NDArray[Any]:
        request.infer([crop])
        return np.array(request.get_output_tensor(index).data)

    return logits


def _onnx(session: Any) -> Run:
    name = next(out.name for out in session.get_outputs() if len(out.shape) == 2)
    names = [name, *(out.name for out in session.get_outputs() if out.name != name)]

    def logits(crop: NDArray[np.uint8]) -> NDArray[Any]:
        # all outputs, as the others compute them
        return np.asarray(session.run(names, {"crop": crop})[0])

    return logits


def _seconds(work: Run, crop: NDArray[np.uint8]) -> tuple[float, float]:
    """Time of one run, and its processor time, which other programs do not lengthen."""
    work(crop)
    started_s, spent_s = time.perf_counter(), time.process_time()
    for _ in range(_RUNS):
        work(crop)
    took_s = time.perf_counter() - started_s
    return took_s / _RUNS, (time.process_time() - spent_s) / _RUNS
