"""Which person each tracked face is, and what happens to people: the part that needs no finder.

`FaceWatcher` feeds it from films and streams, a live session's alerts from the tracker of the page.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from maskdet_core.live.appearance import Patch, face_patch
from maskdet_core.live.frame import LiveFrame
from maskdet_core.live.track import Box, Track
from maskdet_core.types import Face, Verdict
from maskdet_core.video.events import EventKind, PersonEvent
from maskdet_core.video.identity import RETURN_S, Departed, returned

MIN_LOOKS: Final = 2
"""Looks that take a face for one before it counts as a person: false alarms rarely last."""
_N_LOOKS_KEPT: Final = 16


class Dating(Protocol):
    """When happened what is noticed at a frame; `maskdet_core.video.history.History` finds out."""

    def add(self, frame: LiveFrame, boxes: Mapping[int, Box]) -> None:
        """The next frame, and the positions of the tracks in it by track id."""
        ...

    def clear(self) -> None:
        """What comes next has nothing to do with what was before."""
        ...

    def first_seen_s(self, frame: LiveFrame, box: Box) -> float:
        """When a face came into view that is now found."""
        ...

    def last_seen_s(self, track_id: int, seen_s: float, end_s: float) -> float:
        """When a face went out of view, seen last at ``seen_s`` and missed at ``end_s``."""
        ...

    def changed_s(self, track_id: int, verdict: Verdict, before_s: float, since_s: float) -> float:
        """When a face changed, between two looks at it."""
        ...


class AsNoticed:
    """Dates all to when it is noticed: costs nothing, and is late by up to a second."""

    def add(self, frame: LiveFrame, boxes: Mapping[int, Box]) -> None:
        """Keep nothing."""

    def clear(self) -> None:
        """Nothing is kept."""

    def first_seen_s(self, frame: LiveFrame, box: Box) -> float:
        """Now."""
        return frame.received_s

    def last_seen_s(self, track_id: int, seen_s: float, end_s: float) -> float:
        """When it was seen last."""
        return seen_s

    def changed_s(self, track_id: int, verdict: Verdict, before_s: float, since_s: float) -> float:
        """At the look that showed it."""
        return since_s


@dataclass(slots=True)
class _Followed:
    """A track, as far as it concerns a person.

    Attributes:
        since_s: when the face came into view.
        seen_s: when it was last taken for a face.
        box: its newest position.
        patch: its newest appearance.
        looks_s: times of the newest looks that took it for a face.
        n_looks: how many there were.
        person: number once it counts as a person.
        verdict: the newest.
    """

    since_s: float
    seen_s: float
    box: Box
    patch: Patch | None
    verdict: Verdict
    looks_s: deque[float] = field(default_factory=lambda: deque(maxlen=_N_LOOKS_KEPT))
    n_looks: int = 0
    person: int | None = None


class PeopleFollower:
    """Turns the tracks of a stream into people and their events. Not thread-safe.

    Attributes:
        n_people: different people seen so far.
    """

    def __init__(self, dating: Dating | None = None) -> None:
        """Begin without people.

        Args:
            dating: None takes `AsNoticed`.
        """
        self._dating: Dating = AsNoticed() if dating is None else dating
        self._followed: dict[int, _Followed] = {}
        self._departed: list[Departed] = []
        self.n_people = 0

    def person(self, track_id: int) -> int | None:
        """Number of the person of a track; None until it is certain that there is one."""
        one = self._followed.get(track_id)
        return None if one is None else one.person

    def update(
        self, frame: LiveFrame, tracks: Iterable[Track], faces: Mapping[int, Face]
    ) -> list[PersonEvent]:
        """Take the next frame.

        Args:
            frame: the newest.
            tracks: all, with their positions in it.
            faces: those that have a verdict, by track id.

        Returns:
            What became known with it.
        """
        by_id = {track.id: track for track in tracks}
        self._dating.add(frame, {track.id: track.box.copy() for track in by_id.values()})
        events = list(self._end(self._followed.keys() - by_id.keys(), frame.received_s))
        for track_id, face in faces.items():
            events += self._follow(by_id[track_id], face, frame)
        return events

    def restart(self, end_s: float) -> list[PersonEvent]:
        """End all tracks, as at a cut: who was seen until then was seen to the end.

        Track ids may start again afterwards.

        Args:
            end_s: when what was seen ended.
        """
        events: list[PersonEvent] = []
        for one in self._followed.values():
            if one.person is None and one.n_looks:
                events.append(self._welcome(one))
            if one.person is not None:
                events.append(self._farewell(one, end_s))
        self._followed.clear()
        self._dating.clear()
        return events

    def _follow(self, track: Track, face: Face, frame: LiveFrame) -> Iterator[PersonEvent]:
        """Note what has become of a face; yield what that means for its person."""
        at_s, one = frame.received_s, self._followed.get(track.id)
        if one is None:
            since_s = self._dating.first_seen_s(frame, track.box)
            one = _Followed(since_s, at_s, track.box, track.patch, face.verdict)
            self._followed[track.id] = one
        one.box = track.box
        looked_s = track.looked_at_s
        if looked_s is not None and track.n_not_face == 0 and looked_s not in one.looks_s:
            one.looks_s.append(looked_s)
            one.n_looks += 1
            one.seen_s = looked_s
            one.patch = face_patch(frame.grey, track.box, frame.width_px)
        if one.person is None:
            one.verdict = face.verdict
            if one.n_looks >= MIN_LOOKS:
                yield self._welcome(one)
        elif face.verdict is not one.verdict:
            one.verdict = face.verdict
            changed_s = self._changed_s(track, one)
            yield PersonEvent(EventKind.VERDICT, one.person, changed_s, face.verdict)

    def _welcome(self, one: _Followed) -> PersonEvent:
        """A face counts as a person: one who has just left, or a new one."""
        before = returned(self._departed, one.since_s, one.box, one.patch)
        if before is None:
            self.n_people += 1
            one.person = self.n_people
        else:
            self._departed.remove(before)
            one.person = before.person
            one.since_s = max(one.since_s, before.at_s)
        return PersonEvent(EventKind.APPEARED, one.person, one.since_s, one.verdict)

    def _changed_s(self, track: Track, one: _Followed) -> float:
        since_s = track.smoother.shown_since_s
        if since_s is None:
            return one.seen_s
        before_s = max((at_s for at_s in one.looks_s if at_s < since_s), default=one.since_s)
        changed_s = self._dating.changed_s(track.id, one.verdict, before_s, since_s)
        return max(changed_s, one.since_s)

    def _end(self, track_ids: Iterable[int], at_s: float) -> Iterator[PersonEvent]:
        self._departed = [one for one in self._departed if at_s - one.at_s <= 2 * RETURN_S]
        for track_id in sorted(track_ids):
            one = self._followed.pop(track_id)
            if one.person is not None:
                last_s = self._dating.last_seen_s(track_id, one.seen_s, at_s)
                yield self._farewell(one, last_s)

    def _farewell(self, one: _Followed, at_s: float) -> PersonEvent:
        person = one.person or 0
        self._departed.append(Departed(person, at_s, one.box, one.patch))
        return PersonEvent(EventKind.LEFT, person, at_s, one.verdict)
