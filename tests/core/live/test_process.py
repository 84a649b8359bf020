"""The live object for scripts: arrays in, detections out."""

import gc
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import Detections, FaceBox, LiveProcessor, MaskDetector, Verdict
from maskdet_core.live import AdmissionControl
from maskdet_core.live import processor as processor_module
from testbed.processes.interpreter import run_python
from tests.core.live.fakes import Clock, FakeFinder, FakeNetwork, ManualWorker

WAIT_S = 20.0
THREAD = "maskdet-live"


def image(width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 90, np.uint8)


@pytest.fixture
def _fake_detector(
    monkeypatch: pytest.MonkeyPatch, finder: FakeFinder, network: FakeNetwork
) -> None:
    """`MaskDetector.load` returns a detector of fakes for the live preset."""

    def load(model: Any, preset: str, **options: Any) -> MaskDetector:
        assert preset == "live"
        del options["finder"]
        return MaskDetector(finder, model or network, **options)

    monkeypatch.setattr(processor_module.MaskDetector, "load", load)


def detected(live: LiveProcessor, image_rgb: NDArray[np.uint8]) -> Detections:
    """Feed the same image until a face is found in it."""
    deadline = time.monotonic() + WAIT_S
    while not (detections := live.process(image_rgb)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return detections


@pytest.mark.usefixtures("_fake_detector")
def test_frames_in_detections_out() -> None:
    with LiveProcessor.load(min_confidence=0.7, two_classes=True) as live:
        assert live.min_confidence == 0.7
        assert live.two_classes
        detections = detected(live, image())
        assert (detections.width_px, detections.height_px) == (320, 240)
        (face,) = detections
        assert face.verdict is Verdict.WITH_MASK
        annotated = live.annotated_frame()
        assert annotated is not None
        assert not np.array_equal(annotated, image())
        assert live.snapshot().count(Verdict.WITH_MASK) == 1


@pytest.mark.usefixtures("_fake_detector")
def test_the_worker_thread_ends_with_the_processor() -> None:
    def n_threads() -> int:
        return sum(thread.name == THREAD for thread in threading.enumerate())

    before = n_threads()
    with LiveProcessor.load() as live:
        live.process(image())
        assert n_threads() == before + 1
    assert n_threads() == before
    live.close()
    with pytest.raises(ValueError, match="closed"):
        live.process(image())
    live = LiveProcessor.load()
    live.process(image())
    forgotten = weakref.ref(live)
    del live
    deadline = time.monotonic() + WAIT_S
    while forgotten() is not None or n_threads() > before:
        assert time.monotonic() < deadline
        gc.collect()
        time.sleep(0.01)


def test_the_array_may_be_reused(
    processor: LiveProcessor, network: FakeNetwork, clock: Clock
) -> None:
    reused = image()
    processor.process(reused)
    reused[:] = 0
    processor.infer(1.0)
    assert np.all(network.crops[0] == 90)
    assert np.all(reused == 0)


def test_detections_are_smoothed_over_frames(
    processor: LiveProcessor, network: FakeNetwork, clock: Clock
) -> None:
    verdicts = []
    for p in (0.97, 0.97, 0.01, 0.97):
        network.p_with_mask = p
        processor.process(image())
        processor.infer(1.0)
        verdicts += [face.verdict for face in processor.process(image())]
        clock.now += 0.3
    assert verdicts == [Verdict.WITH_MASK] * 4


def test_mirrored_detections_fit_the_mirrored_frame(
    processor: LiveProcessor, finder: FakeFinder
) -> None:
    finder.boxes = [FaceBox(20, 60, 80, 100, 5.0)]
    processor.set_mirrored(True)
    shown = image()
    shown[:, :160] = 200
    processor.process(shown)
    processor.infer(1.0)
    (face,) = processor.process(shown)
    assert face.box.x == pytest.approx(20, abs=2)
    annotated = processor.annotated_frame()
    assert annotated is not None
    assert (annotated[0, 0, 0], annotated[0, -1, 0]) == (90, 200)


def test_without_a_slot_there_are_no_faces(finder: FakeFinder, network: FakeNetwork) -> None:
    admission = AdmissionControl(1)
    admission.acquire("another viewer")
    processor = LiveProcessor(MaskDetector(finder, network), ManualWorker(), admission)
    assert processor.process(image(64, 48)) == Detections(64, 48)
    assert processor.snapshot().rejected


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((48, 64), np.uint8), np.zeros((48, 64, 3), np.float32), np.zeros((0, 64, 3), "u1")],
)
def test_other_arrays_are_refused(wrong: NDArray[Any], processor: LiveProcessor) -> None:
    with pytest.raises(ValueError, match="expected an image"):
        processor.process(wrong)


def test_with_the_shipped_model(shipped_manifest: Path, portrait: NDArray[np.uint8]) -> None:
    with LiveProcessor.load(shipped_manifest) as live:
        (face,) = detected(live, portrait)
    assert face.verdict is Verdict.WITHOUT_MASK


def test_the_core_imports_without_av() -> None:
    code = (
        "import sys; sys.modules['av'] = None\n"
        "import numpy as np\n"
        "from maskdet_core import LiveProcessor\n"
        "print(LiveProcessor.process.__name__)"
    )
    assert run_python(code) == "process"
