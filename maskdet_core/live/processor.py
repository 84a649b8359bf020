"""One viewer's stream: frames in, frames with verdicts out. Knows frames, not browsers or pages.

`LiveProcessor.recv` is called for one frame after the other and takes a few ms: it moves the faces
by optical flow and draws them. Finding and classifying takes longer. The inference worker does it
on the newest frame, and the tracker brings its results to the frames that came meanwhile.
"""

import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from numpy.typing import NDArray

from maskdet_core.detector import MaskDetector
from maskdet_core.draw.annotate import LABELS, LOOKING, LabelMemory, Labels, annotate
from maskdet_core.live.admission import AdmissionControl
from maskdet_core.live.error_log import ErrorLog
from maskdet_core.live.frame import ArrayFrame, CameraFrame, LiveFrame
from maskdet_core.live.inference import run_inference
from maskdet_core.live.observer import FrameObserver
from maskdet_core.live.snapshot import FrameSnapshot
from maskdet_core.live.stats import LiveStats, Meter, StreamStats
from maskdet_core.live.tracker import FaceTracker
from maskdet_core.live.worker import InferenceWorker
from maskdet_core.masks.classifier import Classifier
from maskdet_core.types import Detections, RgbImage, validate_min_confidence, validate_rgb

if TYPE_CHECKING:
    import av


DELAYED_S: Final = 1.0
"""A stream's verdicts are delayed when a look is so late. Without load none is later than the
duration of one inference and one frame."""
DELAYED_HOLD_S: Final = 5.0
"""The stream counts as delayed for so long after the last late look: lateness falls to 0 with each
look, and a message that follows it would flicker."""


class LiveProcessor:
    """Finds, tracks and classifies the faces of a live video stream.

        with LiveProcessor.load() as live:
            for image_rgb in camera_frames:
                detections = live.process(image_rgb)

    `process` takes arrays. `recv` takes PyAV frames, draws on them and never raises. Either may be
    called from one thread while others call everything else; none of these waits for inference.
    """

    def __init__(
        self,
        detector: MaskDetector,
        worker: InferenceWorker,
        admission: AdmissionControl,
        min_confidence: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        meter: Meter | None = None,
        two_classes: bool | None = None,
    ) -> None:
        """Make a processor that shares detector, worker and admission control with others.

        Args:
            detector: finds and classifies.
            worker: runs the inference in its thread.
            admission: a slot is acquired with the first frame and released by `stop`, or by itself
                when frames stop coming.
            min_confidence: 0.5 <= c < 1; None takes the detector's.
            clock: monotonic seconds; the worker's too.
            meter: counts over all streams.
            two_classes: count a mask worn wrong as no mask; None takes the detector's.

        Raises:
            ValueError: threshold out of range.
        """
        self._detector = detector
        self._worker = worker
        self._admission = admission
        self._min_confidence = validate_min_confidence(
            detector.min_confidence if min_confidence is None else min_confidence
        )
        self._two_classes = detector.two_classes if two_classes is None else two_classes
        self._clock = clock
        self._lock = threading.Lock()
        self._mirrored = False
        self._labels: Labels = LABELS
        self._looking = LOOKING
        self._label_memory = LabelMemory()
        self._tracker = FaceTracker()
        self._pending: LiveFrame | None = None
        self._inferred_at_s: float | None = None
        self._delayed_at_s: float | None = None
        self._picture: LiveFrame | None = None
        self._snapshot: FrameSnapshot | None = None
        self._stats = StreamStats(meter)
        self._errors = ErrorLog(clock)
        self._observer: FrameObserver | None = None
        self._close_worker: Callable[[], object] | None = None

    @classmethod
    def load(
        cls,
        model: Path | str | Classifier | None = None,
        *,
        min_confidence: float | None = None,
        min_face_px: int | None = None,
        finder: Path | str | None = None,
        two_classes: bool = False,
    ) -> Self:
        """A processor for one stream, with a detector and a worker thread of its own.

        `close` it when done, or use it in a ``with`` block.

        Args:
            model: see `MaskDetector.load`.
            min_confidence: see `MaskDetector`.
            min_face_px: see `MaskDetector`.
            finder: see `load_finder`.
            two_classes: see `MaskDetector`.

        Raises:
            ModelError: the model cannot be loaded.
            CascadeError: the cascades cannot be loaded.
            ValueError: a number out of range.
        """
        detector = MaskDetector.load(
            model,
            "live",
            min_confidence=min_confidence,
            min_face_px=min_face_px,
            finder=finder,
            two_classes=two_classes,
        )
        worker = InferenceWorker()
        processor = cls(detector, worker, AdmissionControl(1))
        # also where nobody calls `close`: when the processor is freed, or at exit
        processor._close_worker = weakref.finalize(processor, worker.close)
        return processor

    def __enter__(self) -> Self:
        """The processor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def min_confidence(self) -> float:
        """The threshold for the next frame."""
        with self._lock:
            return self._min_confidence

    def set_min_confidence(self, min_confidence: float) -> None:
        """Use another threshold from the next frame on.

        Raises:
            ValueError: threshold out of range; the old one stays.
        """
        validated = validate_min_confidence(min_confidence)
        with self._lock:
            self._min_confidence = validated

    @property
    def two_classes(self) -> bool:
        """Whether the next frame counts a mask worn wrong as no mask."""
        with self._lock:
            return self._two_classes

    def set_two_classes(self, two_classes: bool) -> None:
        """Whether to count a mask worn wrong as no mask from the next frame on."""
        with self._lock:
            self._two_classes = two_classes

    def set_mirrored(self, mirrored: bool) -> None:
        """Whether left and right are swapped from the next frame on, as in a mirror."""
        with self._lock:
            if mirrored != self._mirrored:
                self._mirrored = mirrored
                self._reset()

    def set_observer(self, observer: FrameObserver | None) -> None:
        """Tell another observer of the frames from the next one on; None tells nobody."""
        with self._lock:
            before, self._observer = self._observer, observer
            if before is not None and before is not observer:
                before.ended()

    def set_labels(self, labels: Labels, looking: str = LOOKING) -> None:
        """Use other words from the next drawing on; see `annotate`."""
        self._labels, self._looking = labels, looking

    def recv(self, frame: "av.VideoFrame") -> "av.VideoFrame":
        """Take one frame of any size and pixel format and draw its faces. Never raises.

        Returns:
            A new frame with the same pts and time base, or the given one, unchanged, where there
            is nothing to draw, the viewer has no slot or anything failed.
        """
        now_s = self._clock()
        number = self._stats.frame_received(now_s)
        try:
            if not self._acquire_slot():
                self._show_unmarked(number, now_s)
                return frame
            with self._lock:
                current = CameraFrame(frame, now_s, mirrored=self._mirrored)
                shown = self._track(current, number)
            drawn = frame
            if shown.detections.boxes or current.mirrored:
                drawn = current.with_pixels(self._annotate(current, shown, self._label_memory))
        except Exception as error:
            # An exception that leaves this callback ends the viewer's stream, whatever the decoder
            # or OpenCV raised.
            self._note_error(error)
            self._show_unmarked(number, now_s)
            return frame
        self._finish(current, shown)
        return drawn

    def process(self, image_rgb: NDArray[Any]) -> Detections:
        """Take one frame of a live source and return its faces, tracked and smoothed.

        Does not wait for inference: a new face appears one inference after the first frame that
        shows it, and verdicts are those of the newest inference. For single images see
        `MaskDetector.detect`.

        Args:
            image_rgb: uint8 (H, W, 3), channels red, green, blue; neither changed nor referenced
                later.

        Returns:
            Faces in the order in which they appeared; in the mirrored frame after
            ``set_mirrored(True)``. Those without a recent look are in ``unjudged``. None while the
            viewer has no slot.

        Raises:
            ValueError: another dtype or shape, or the worker is closed.
        """
        validate_rgb(image_rgb)
        if self._worker.is_closed:
            raise ValueError("the processor's inference worker is closed")
        now_s = self._clock()
        number = self._stats.frame_received(now_s)
        if not self._acquire_slot():
            self._show_unmarked(number, now_s)
            height, width = image_rgb.shape[:2]
            return Detections(width, height)
        with self._lock:
            current = ArrayFrame(image_rgb, now_s, mirrored=self._mirrored)
            shown = self._track(current, number)
        self._finish(current, shown)
        return shown.detections

    def stop(self) -> None:
        """End the stream: release the slot and forget its faces. May be called again."""
        self._worker.unregister(self)
        self._admission.release(self)
        with self._lock:
            self._reset()
            if self._observer is not None:
                self._observer.ended()
            self._picture = self._snapshot = None

    def close(self) -> None:
        """Stop, and end the worker thread that `load` started. May be called again."""
        self.stop()
        if self._close_worker is not None:
            self._close_worker()

    def annotated_frame(self) -> RgbImage | None:
        """The newest frame with its verdicts drawn, uint8 RGB; None before the first."""
        with self._lock:
            picture, shown = self._picture, self._snapshot
        if picture is None or shown is None:
            return None
        return self._annotate(picture, shown, self._label_memory.copy())

    def snapshot(self) -> LiveStats:
        """Statistics of this moment, with the snapshot of the newest frame returned."""
        with self._lock:
            shown = self._snapshot
        return self._stats.snapshot(self._clock(), shown)

    def due_at_s(self, backoff: float) -> float | None:
        """For the worker: when inference is due; None while there is no new frame."""
        with self._lock:
            if self._pending is None:
                return None
            return self._tracker.due_at_s(backoff)

    def infer(self, backoff: float) -> None:
        """For the worker: run what is due on the newest frame and apply the result."""
        with self._lock:
            frame, self._pending = self._pending, None
            if frame is None:
                return
            tracker, min_confidence = self._tracker, self._min_confidence
            two_classes = self._two_classes
            min_face_px = self._detector.min_face_px_in(frame.width_px, frame.height_px)
            task = tracker.plan(frame, min_face_px, backoff)
        self._worker.note_done(task.n_looks)
        try:
            result = run_inference(self._detector, frame, task)
        except Exception as error:
            self._note_error(error)
            return
        with self._lock:
            # to the tracker that planned it: after a reset its faces and positions mean nothing
            tracker.apply(frame, task, result, min_confidence, two_classes=two_classes)
            if tracker is self._tracker:
                self._inferred_at_s = frame.received_s

    def _acquire_slot(self) -> bool:
        admitted = self._admission.acquire(self)
        if admitted:
            self._worker.register(self)
        self._stats.admitted(admitted)
        return admitted

    def _track(self, frame: LiveFrame, number: int) -> FrameSnapshot:
        """Bring the faces to a new frame; the caller holds the lock."""
        if not self._tracker.can_follow(frame):
            self._reset()
        self._tracker.update(frame)
        self._pending = frame
        self._observe(frame)
        now_s = frame.received_s
        if self._tracker.late_s() > DELAYED_S:
            self._delayed_at_s = now_s
        looked_at_s = self._tracker.oldest_look_s(now_s)
        if looked_at_s is None:
            looked_at_s = self._inferred_at_s
        return FrameSnapshot(
            number,
            now_s,
            self._tracker.detections(frame, self._min_confidence, two_classes=self._two_classes),
            None if looked_at_s is None else now_s - looked_at_s,
            delayed=self._delayed_at_s is not None and now_s - self._delayed_at_s < DELAYED_HOLD_S,
        )

    def _observe(self, frame: LiveFrame) -> None:
        if self._observer is None:
            return
        tracker, conf, two = self._tracker, self._min_confidence, self._two_classes
        try:
            faces = tracker.faces(frame, conf, two_classes=two)
            self._observer.frame(frame, tracker.tracks, faces)
        except Exception as error:
            # whatever it sends to, the picture goes on
            self._note_error(error)

    def _annotate(self, frame: LiveFrame, shown: FrameSnapshot, memory: LabelMemory) -> RgbImage:
        return annotate(
            frame.rgb, shown.detections, self._labels, looking=self._looking, memory=memory
        )

    def _finish(self, frame: LiveFrame, shown: FrameSnapshot) -> None:
        with self._lock:
            self._picture, self._snapshot = frame, shown
            n_missed = self._tracker.count_missed()
        self._stats.frame_sent(frame.received_s, self._clock(), shown.detections)
        self._worker.notify(n_missed)

    def _show_unmarked(self, number: int, now_s: float) -> None:
        """A frame is returned as it came: no face is marked on it, and none counts."""
        with self._lock:
            before = self._snapshot
            size = (1, 1)
            if before is not None:
                size = (before.detections.width_px, before.detections.height_px)
            age_s = None if self._inferred_at_s is None else now_s - self._inferred_at_s
            self._picture = None
            self._snapshot = FrameSnapshot(number, now_s, Detections(*size), age_s)

    def _reset(self) -> None:
        self._tracker = FaceTracker()
        if self._observer is not None:
            self._observer.restarted()
        self._pending = self._inferred_at_s = self._delayed_at_s = None

    def _note_error(self, error: Exception) -> None:
        self._errors.note(error, self._stats.frame_failed())
