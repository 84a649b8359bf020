"""The moments in which someone has no mask, or one worn wrong, as small pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from maskdet_core.draw.anonymise import blur_faces
from maskdet_core.pictures.encode import encode_jpeg
from maskdet_core.reasons import Problem, Reason
from maskdet_core.types import FaceBox, RgbImage, Verdict
from maskdet_core.video.events import EventKind, WatchedFrame
from maskdet_core.video.timeline import Person

MAX_MOMENTS: Final = 60
"""Pictures kept of one video: what a person looks through, at some 6 kB each."""
SIDE_PX: Final = 160
UNPROTECTED: Final = frozenset({Verdict.WITHOUT_MASK, Verdict.WORN_WRONG})
_CONTEXT: Final = 2.2
"""Side of the picture in heights of the face: head and shoulders."""
_NEAR_S: Final = 0.05
"""Times of one event may differ by rounding."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The beginning of an interval without a mask, or with one worn wrong.

    Attributes:
        at_s: since the beginning of the video.
        person: number.
        verdict: `Verdict.WITHOUT_MASK` or `Verdict.WORN_WRONG`.
        jpeg: the face with its surroundings, `SIDE_PX` square, taken when it became certain, up to
            a second later.
        blurred_jpeg: the same with all faces blurred.
    """

    at_s: float
    person: int
    verdict: Verdict
    jpeg: bytes
    blurred_jpeg: bytes


class Moments:
    """Collects the first `MAX_MOMENTS` of a video."""

    def __init__(self) -> None:
        """Begin empty."""
        self._moments: list[Moment] = []
        self._n_left_out = 0

    def add(self, watched: WatchedFrame, image_rgb: RgbImage) -> None:
        """Take what became known with a frame.

        Args:
            watched: the frame's.
            image_rgb: its pixels, uint8 (H, W, 3), RGB.
        """
        for event in watched.events:
            is_end = event.kind is EventKind.LEFT
            if is_end or event.verdict not in UNPROTECTED or event.person not in watched.people:
                continue
            if len(self._moments) >= MAX_MOMENTS:
                self._n_left_out += 1
                continue
            face = watched.detections.faces[watched.people.index(event.person)]
            blurred_rgb = blur_faces(image_rgb, watched.detections.boxes)
            jpeg, blurred = (
                encode_jpeg(_thumbnail(image, face.box)) for image in (image_rgb, blurred_rgb)
            )
            self._moments.append(Moment(event.at_s, event.person, event.verdict, jpeg, blurred))

    def lasting(self, people: Iterable[Person]) -> tuple[Moment, ...]:
        """Those that begin an interval of the finished timeline, by time."""
        intervals = {person.number: person.intervals for person in people}
        return tuple(
            sorted(
                (
                    one
                    for one in self._moments
                    if any(
                        interval.verdict is one.verdict
                        and abs(interval.start_s - one.at_s) < _NEAR_S
                        for interval in intervals.get(one.person, ())
                    )
                ),
                key=lambda one: one.at_s,
            )
        )

    @property
    def notes(self) -> Sequence[Reason]:
        """What was left out."""
        n = self._n_left_out
        if not n:
            return ()
        message = f"only the first {MAX_MOMENTS} moments have a picture, {n} do not"
        return (Reason(Problem.FEWER_PICTURES, message, {"most": MAX_MOMENTS, "n": n}),)


def _thumbnail(image_rgb: RgbImage, box: FaceBox) -> RgbImage:
    height, width = image_rgb.shape[:2]
    side = min(width, height, max(1, round(_CONTEXT * max(box.w, box.h))))
    x = min(max(0, round(box.x + box.w / 2 - side / 2)), width - side)
    y = min(max(0, round(box.y + box.h / 2 - side / 2)), height - side)
    part = image_rgb[y : y + side, x : x + side]
    return np.asarray(cv2.resize(part, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)
