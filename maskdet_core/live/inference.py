"""Inference on one frame: run the finder and classify faces, as far as either is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from maskdet_core.detector import MaskDetector
from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.track import Box, match
from maskdet_core.types import FaceBox, MaskProbabilities

MAX_FACES_PER_TASK: Final = 6
"""Tracked faces, and new faces, classified in one task: limits how long other viewers wait."""


@dataclass(frozen=True, slots=True)
class InferenceTask:
    """What is due on one frame.

    Attributes:
        min_face_px: least face height to ask the finder for; None does not run the finder.
        due: tracked faces to classify, by track id.
        boxes: where all tracked faces are in the frame, by track id.
    """

    min_face_px: int | None
    due: Mapping[int, FaceBox]
    boxes: Mapping[int, Box]

    @property
    def n_looks(self) -> int:
        """Tracked faces to classify and runs of the finder."""
        return len(self.due) + (self.min_face_px is not None)


@dataclass(frozen=True, slots=True)
class FacePrediction:
    """The network's prediction for one box.

    Attributes:
        box: that was classified.
        probabilities: of the classes; NaN where the network failed.
        is_face: whether finder and network together accept the box as a face.
    """

    box: FaceBox
    probabilities: MaskProbabilities
    is_face: bool


@dataclass(frozen=True, slots=True)
class InferenceResult:
    """What inference found in one frame.

    Attributes:
        matches: the finder's box of each tracked face that it found again, by track id.
        new_faces: faces that the finder found and nobody tracks yet.
        predictions: of tracked faces that were due, by track id.
        not_looked_at: found like ``new_faces``, but too many to be classified in this task.
    """

    matches: Mapping[int, FaceBox]
    new_faces: tuple[FacePrediction, ...]
    predictions: Mapping[int, FacePrediction]
    not_looked_at: tuple[FaceBox, ...] = ()


def run_inference(detector: MaskDetector, frame: LiveFrame, task: InferenceTask) -> InferenceResult:
    """Do a task. Takes tens to hundreds of ms; changes nothing but the detector's own buffers."""
    matches: dict[int, FaceBox] = {}
    new: list[FaceBox] = []
    later: list[FaceBox] = []
    if task.min_face_px is not None:
        found = detector.find(frame.rgb, min_face_px=task.min_face_px)
        matches, new = match(task.boxes, found)
        new, later = new[:MAX_FACES_PER_TASK], new[MAX_FACES_PER_TASK:]
    tracked = {track_id: matches.get(track_id, box) for track_id, box in task.due.items()}
    boxes = [*tracked.values(), *new]
    predicted = detector.classify(frame.rgb, boxes)
    predictions = [
        FacePrediction(
            box, probabilities, detector.is_face(frame.rgb, box, probabilities, float(p_face))
        )
        for box, probabilities, p_face in zip(boxes, predicted, predicted.p_face, strict=True)
    ]
    return InferenceResult(
        matches,
        tuple(new_face for new_face in predictions[len(tracked) :] if new_face.is_face),
        dict(zip(tracked, predictions, strict=False)),
        tuple(later),
    )
