"""The snapshot that the panel reads says what was drawn, whatever the speed of inference."""

import threading
import time
from collections import Counter
from typing import Final

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, LiveProcessor, MaskDetector, Verdict
from maskdet_core.draw.annotate import COLOURS
from maskdet_core.live import AdmissionControl, InferenceWorker
from maskdet_core.live.snapshot import FrameSnapshot
from maskdet_core.types import Predictions
from tests.core.live.fakes import Clock, FakeNetwork, MakeFrame, ManualWorker, Step

N_SAMPLES: Final = 200
FAST: Final = 8.0
"""The test's clock runs so much faster than time: verdicts grow old within the test."""
CELLS: Final = tuple((x, y) for y in (0, 120) for x in (0, 160))
BACKGROUND: Final = (30, 160, 90)
SHORT: Final = dict.fromkeys(Verdict, "x")
"""So that no label reaches into another quarter."""
PLAIN: Final = np.full((240, 320, 3), BACKGROUND, np.uint8)


def boxes() -> list[FaceBox]:
    return [FaceBox(x + 45, y + 40, 70, 70, 3.0) for x, y in CELLS]


def marks(rgb: NDArray[np.uint8]) -> Counter[str]:
    """What is drawn in each quarter of a picture: a verdict, or a face being looked at."""
    found: Counter[str] = Counter()
    for x, y in CELLS:
        cell = rgb[y : y + 120, x : x + 160]
        if np.all(cell == BACKGROUND):
            continue
        n = {v.value: int(np.all(cell == COLOURS[v], axis=2).sum()) for v in Verdict}
        verdict = max(n, key=lambda name: n[name])
        found[verdict if n[verdict] > 100 else "looking"] += 1
    return found


def said(frame: FrameSnapshot) -> Counter[str]:
    counts = Counter({verdict.value: frame.count(verdict) for verdict in Verdict})
    counts["looking"] = frame.n_looking
    return +counts


class ErraticFinder:
    """Finds some of four faces, after a random time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def find(self, image_rgb: NDArray[np.uint8], *, min_face_px: int) -> list[FaceBox]:
        time.sleep(float(self.rng.uniform(0, 0.03)))
        return [box for box in boxes() if self.rng.random() < 0.8]


class ErraticNetwork(FakeNetwork):
    """Gives any verdict after a random time, and fails for a while now and then."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        self.rng = rng
        self.calls = 0

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        time.sleep(float(self.rng.uniform(0, 0.03)))
        self.calls += 1
        if self.calls % 60 > 40:
            raise RuntimeError("broken")
        p_with_mask = self.rng.choice([0.01, 0.5, 0.99], len(crops))
        return Predictions.of_two_classes(p_with_mask, np.ones(len(crops)))


@pytest.mark.parametrize("seed", [1, 2])
def test_snapshot_says_what_was_drawn_at_any_speed_of_inference(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def clock() -> float:
        return FAST * time.monotonic()

    worker = InferenceWorker(clock)
    detector = MaskDetector(ErraticFinder(rng), ErraticNetwork(rng))
    processor = LiveProcessor(detector, worker, AdmissionControl(1, clock=clock), clock=clock)
    samples: list[FrameSnapshot] = []
    done = threading.Event()

    def sample() -> None:
        pauses = np.random.default_rng(seed + 100)
        while len(samples) < N_SAMPLES:
            time.sleep(float(pauses.uniform(0.005, 0.02)))
            stats = processor.snapshot()
            if stats.frame is not None:
                samples.append(stats.frame)
        done.set()

    drawn: list[Counter[str]] = []
    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        while not done.is_set():
            # labels that cannot be drawn: such a frame is returned unmarked
            word = "\u0642" if len(drawn) % 20 > 16 else "x"
            processor.set_labels(SHORT | {Verdict.NOT_SURE: word}, "x")
            processor.set_min_confidence(0.6 if len(drawn) % 7 else 0.995)
            shown = processor.recv(av.VideoFrame.from_ndarray(PLAIN, format="rgb24"))
            drawn.append(marks(shown.to_ndarray(format="rgb24")))
    finally:
        sampler.join(60)
        processor.stop()
        worker.close()
    assert [said(one) for one in samples] == [drawn[one.number - 1] for one in samples]
    kinds = {kind for one in samples for kind in said(one)}
    assert kinds >= {"with_mask", "without_mask", "not_sure", "looking"}
    assert any(not said(one) for one in samples)


def test_picture_to_save_shows_what_the_snapshot_says(
    processor: LiveProcessor, step: Step, network: FakeNetwork
) -> None:
    for p_with_mask in (0.99, 0.01, 0.5):
        network.p_with_mask = p_with_mask
        for _ in range(20):
            step(av.VideoFrame.from_ndarray(PLAIN, format="rgb24"))
            frame, picture = processor.snapshot().frame, processor.annotated_frame()
            assert frame is not None
            assert picture is not None
            assert bool(said(frame)) is not bool(np.array_equal(picture, PLAIN))


def test_frames_are_numbered_from_one_also_those_without_a_slot(
    processor: LiveProcessor, admission: AdmissionControl, make_frame: MakeFrame
) -> None:
    for viewer in ("one", "two"):
        admission.acquire(viewer)
    for number in (1, 2):
        processor.recv(make_frame())
        frame = processor.snapshot().frame
        assert frame is not None
        assert (frame.number, said(frame)) == (number, Counter())
    admission.release("one")
    processor.recv(make_frame())
    frame = processor.snapshot().frame
    assert frame is not None
    assert frame.number == 3


def test_a_frame_that_could_not_be_marked_has_no_faces(
    processor: LiveProcessor, step: Step
) -> None:
    for _ in range(3):
        step(av.VideoFrame.from_ndarray(PLAIN, format="rgb24"))
    before = processor.snapshot().frame
    assert before is not None
    assert said(before) == {"with_mask": 1}
    processor.set_labels(dict.fromkeys(Verdict, "\u0642"))
    frame = av.VideoFrame.from_ndarray(PLAIN, format="rgb24")
    assert processor.recv(frame) is frame
    unmarked = processor.snapshot().frame
    assert unmarked is not None
    assert (unmarked.number, said(unmarked)) == (before.number + 1, Counter())


def test_age_of_the_frame_grows_while_none_comes(
    processor: LiveProcessor, step: Step, clock: Clock
) -> None:
    step(dt=0.0)
    clock.now += 7.0
    stats = processor.snapshot()
    assert stats.frame_age_s == pytest.approx(7.0)


class TestLate:
    def play(
        self, processor: LiveProcessor, make_frame: MakeFrame, clock: Clock, every_s: float
    ) -> list[FrameSnapshot]:
        """Ten seconds of 15 frames a second, with an inference every so often."""
        frames, next_s = [], clock.now
        for _ in range(150):
            processor.recv(make_frame(320, 240))
            frame = processor.snapshot().frame
            assert frame is not None
            frames.append(frame)
            if clock.now >= next_s:
                processor.infer(1.0)
                next_s += every_s
            clock.now += 1 / 15
        return frames

    def test_a_stream_served_in_time_is_not_delayed(
        self,
        processor: LiveProcessor,
        make_frame: MakeFrame,
        clock: Clock,
        worker: ManualWorker,
    ) -> None:
        frames = self.play(processor, make_frame, clock, 0.25)
        assert not any(frame.delayed for frame in frames)
        assert worker.n_done > 40
        assert worker.n_missed == 0

    def test_a_stream_served_late_says_so_without_flicker(
        self,
        processor: LiveProcessor,
        make_frame: MakeFrame,
        clock: Clock,
        worker: ManualWorker,
    ) -> None:
        frames = self.play(processor, make_frame, clock, 2.5)
        delayed = [frame.delayed for frame in frames]
        assert delayed.index(True) < 30
        assert all(delayed[delayed.index(True) :])
        # looks were due 4 times a second and runs of the finder twice
        assert worker.n_done + worker.n_missed == pytest.approx(60, abs=10)
        assert worker.n_missed > 3 * worker.n_done
        frames = self.play(processor, make_frame, clock, 0.25)
        assert not frames[-1].delayed

    def test_a_stream_without_a_first_inference_is_delayed(
        self, processor: LiveProcessor, make_frame: MakeFrame, clock: Clock
    ) -> None:
        for _ in range(30):
            processor.recv(make_frame())
            clock.now += 0.1
        frame = processor.snapshot().frame
        assert frame is not None
        assert frame.delayed
        assert frame.verdict_age_s is None

    def test_a_camera_that_pauses_is_not_the_servers_fault(
        self,
        processor: LiveProcessor,
        make_frame: MakeFrame,
        clock: Clock,
        worker: ManualWorker,
    ) -> None:
        self.play(processor, make_frame, clock, 0.25)
        clock.now += 60.0
        self.play(processor, make_frame, clock, 0.25)
        assert worker.n_missed <= 2
