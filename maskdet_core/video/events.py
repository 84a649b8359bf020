"""What is told of people in a video: that one appears, changes or leaves."""

from dataclasses import dataclass
from enum import StrEnum

from maskdet_core.types import Detections, Verdict


class EventKind(StrEnum):
    """What happened."""

    APPEARED = "appeared"
    VERDICT = "verdict"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PersonEvent:
    """Something that happened to one person.

    Events of one person are in order, between people they may be off by a second or two: a face
    that goes is only known to be gone after a while, and is then dated back.

    Attributes:
        kind: what happened.
        person: number, from 1; one who comes back soon keeps it.
        at_s: when it happened, by the frames' times.
        verdict: the person's from then on; of `EventKind.LEFT` the last.
    """

    kind: EventKind
    person: int
    at_s: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class WatchedFrame:
    """What is known at one frame, without what comes after it.

    Attributes:
        at_s: the frame's time.
        detections: the faces followed, with smoothed verdicts; in ``unjudged`` those that nobody
            has looked at yet.
        people: the person's number for each face of the detections; None until it is certain that
            there is a person.
        events: what became known with this frame.
        track_ids: a number for each of the detections' ``boxes``, the same from frame to frame
            while a face is followed without a break.
    """

    at_s: float
    detections: Detections
    people: tuple[int | None, ...]
    events: tuple[PersonEvent, ...]
    track_ids: tuple[int, ...] = ()
