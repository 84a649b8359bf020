"""What one frame of a stream shows, as one value: picture and panel both come from it."""

from dataclasses import dataclass

from maskdet_core.types import Detections, Verdict


@dataclass(frozen=True, slots=True)
class FrameSnapshot:
    """What was drawn on one frame. Written once, when the frame is returned.

    Attributes:
        number: of the frame in its stream, from 1.
        received_s: when it arrived, by the stream's clock.
        detections: the faces drawn. Those in ``unjudged`` are being looked at: nobody has looked
            at them yet, or not for too long.
        verdict_age_s: age of the oldest verdict drawn; without one, time since the last inference;
            None before the first.
        delayed: whether the worker was late with this stream's inference a moment ago.
    """

    number: int
    received_s: float
    detections: Detections
    verdict_age_s: float | None = None
    delayed: bool = False

    @property
    def n_looking(self) -> int:
        """Faces that are being looked at; they are in no count of verdicts."""
        return len(self.detections.unjudged)

    def count(self, verdict: Verdict) -> int:
        """Faces with this verdict."""
        return self.detections.count(verdict)
