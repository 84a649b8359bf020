"""What a report shows of a video, from the JSON object that its check gives."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from maskdet_core.html_report import document
from maskdet_core.html_report.document import Bar
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import Texts
from maskdet_core.times import clock, clock_tenths
from maskdet_core.types import Verdict

_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""Times between two ticks of a time axis."""
_MAX_TICKS: Final = 6
"""More would touch each other on a phone."""
_MAX_COLUMNS: Final = 120
"""Columns of people by second; each is a few px wide on a phone."""
_SECONDS_PX: Final = 72
"""Height of the chart of people by second."""
_TIMES_SHOWN: Final = 12
"""Times of one person that are written out; the drawing has all."""

Row = Mapping[str, Any]
MomentPictures = Callable[[Row], Sequence[bytes | None]]
"""A JPEG for each moment of a video's object, or None where it is gone."""


@dataclass(frozen=True, slots=True)
class VideoPart:
    """The videos of a report.

    Attributes:
        rows: an object of each, as `maskdet_core.batch.videos.report.video_json` gives.
        names: of each, as it is shown.
        facts: how they were checked.
        pictures: of their moments; None leaves them out.
    """

    rows: Sequence[Row]
    names: Sequence[str]
    facts: CheckFacts
    pictures: MomentPictures | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of a chart: left side and width in percent; top and height in px."""

    kind: str
    left: float
    width: float
    top: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of a time axis, at so many percent."""

    left: float
    text: str


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person: name, main verdict, the times drawn, and the same in words."""

    name: str
    kind: str
    verdict: str
    seen: str
    blocks: tuple[Block, ...]
    times: str


@dataclass(frozen=True, slots=True)
class MomentFigure:
    """A moment: what is written under its picture, and the picture's address, if there is one."""

    kind: str
    at: str
    person: str
    verdict: str
    picture: str | None


@dataclass(frozen=True, slots=True)
class VideoCard:
    """A video as the template shows it."""

    name: str
    error: str | None = None
    length: str = ""
    people: tuple[PersonLine, ...] = ()
    ticks: tuple[Tick, ...] = ()
    seconds: tuple[Block, ...] = ()
    most: int = 0
    moments: tuple[MomentFigure, ...] = ()
    notes: tuple[str, ...] = ()


def video_cards(part: VideoPart, texts: Texts) -> Iterator[VideoCard]:
    """The videos one by one; pictures are taken as they are needed."""
    for row, name in zip(part.rows, part.names, strict=True):
        if row["error"] is not None:
            yield VideoCard(name, row["error"])
            continue
        length_s = max(row["length_s"], 0.1)
        seconds, most = _seconds(row)
        yield VideoCard(
            name,
            length=texts.number(clock_tenths(row["length_s"])),
            people=tuple(_person(one, length_s, texts) for one in row["people"]),
            ticks=tuple(_ticks(length_s)),
            seconds=tuple(seconds),
            most=most,
            moments=tuple(_moments(row, part.pictures, texts)),
            notes=tuple(row["notes"]),
        )


def people_bars(part: VideoPart, texts: Texts) -> list[Bar]:
    """People of all videos by verdict."""
    counts = {
        verdict: sum(row["people_by_verdict"][verdict.value] for row in part.rows)
        for verdict in Verdict
    }
    return document.verdict_bars(counts, part.facts, texts)


def _person(person: Mapping[str, Any], length_s: float, texts: Texts) -> PersonLine:
    verdict = Verdict(person["verdict"])
    intervals = person["intervals"]
    times = [
        texts(
            "videos.time",
            start=texts.number(clock_tenths(one["start_s"])),
            end=texts.number(clock_tenths(one["end_s"])),
            verdict=texts.verdict(Verdict(one["verdict"])),
        )
        for one in intervals[:_TIMES_SHOWN]
    ]
    if len(intervals) > _TIMES_SHOWN:
        times.append(texts("videos.more_times", n=len(intervals) - _TIMES_SHOWN))
    return PersonLine(
        texts("videos.person", n=person["person"]),
        verdict.value,
        texts.verdict(verdict),
        texts("videos.seen", time=texts.number(f"{person['seen_s']:.1f}")),
        tuple(
            Block(
                one["verdict"],
                100 * one["start_s"] / length_s,
                100 * (one["end_s"] - one["start_s"]) / length_s,
            )
            for one in intervals
        ),
        ", ".join(times),
    )


def _ticks(length_s: float) -> Iterator[Tick]:
    step = next((one for one in _STEPS_S if length_s / one < _MAX_TICKS), None)
    step = step or math.ceil(length_s / _MAX_TICKS / 3600) * 3600
    for at_s in range(0, math.floor(length_s) + 1, step):
        yield Tick(100 * at_s / length_s, clock(at_s))


def _seconds(row: Row) -> tuple[list[Block], int]:
    """Stacked columns, the most in each few seconds, and how many people the highest stands for."""
    by_second = {verdict: row["by_second"][verdict.value] for verdict in Verdict}
    n_seconds = len(by_second[Verdict.WITH_MASK])
    step = max(1, math.ceil(n_seconds / _MAX_COLUMNS))
    columns = [
        [max(counts[start : start + step]) for counts in by_second.values()]
        for start in range(0, n_seconds, step)
    ]
    most = max((sum(column) for column in columns), default=0)
    width = 100 * step / max(row["length_s"], 0.1)
    blocks = []
    for n, column in enumerate(columns):
        top = float(_SECONDS_PX)
        for verdict, count in zip(by_second, column, strict=True):
            if count:
                height = _SECONDS_PX * count / most
                top -= height
                left = n * width
                blocks.append(Block(verdict.value, left, min(width, 100 - left), top, height))
    return blocks, most


def _moments(row: Row, pictures: MomentPictures | None, texts: Texts) -> Iterator[MomentFigure]:
    moments = row["moments"]
    made = [None] * len(moments) if pictures is None else pictures(row)
    for one, jpeg in zip(moments, made, strict=True):
        yield MomentFigure(
            one["verdict"],
            texts.number(clock_tenths(one["at_s"])),
            texts("videos.person", n=one["person"]),
            texts.verdict(Verdict(one["verdict"])),
            None if jpeg is None else document.data_url(jpeg),
        )
