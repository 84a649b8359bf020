"""The JSON object of a video that nobody had to check."""

from typing import Any, Final

from maskdet_core import Verdict
from maskdet_core.batch.videos.report import video_json
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.reasons import Problem, Reason
from maskdet_core.video.check import VideoResult
from maskdet_core.video.moments import Moment
from maskdet_core.video.reading import VideoInfo
from maskdet_core.video.timeline import Interval, Person

FACTS: Final = CheckFacts("net", "0" * 64, True, "finder", 100, 0.669, False, 24, 1 / 24)
BARE, MASK = Verdict.WITHOUT_MASK, Verdict.WITH_MASK
PEOPLE: Final = (
    Person(1, (Interval(0.0, 2.5, MASK), Interval(2.5, 10.0, BARE))),
    Person(2, (Interval(5.0, 6.0, MASK),)),
)


def row_of(people: tuple[Person, ...] = PEOPLE, length_s: float = 10.0) -> dict[str, Any]:
    info = VideoInfo(640, 480, length_s, 30.0, "h264", has_audio=False)
    moments = (Moment(2.5, 1, BARE, b"jpeg", b"blurred"),)
    result = VideoResult(
        640, 480, length_s, info, 100, people, moments, (Reason(Problem.NO_SOUND, "<cut>"),)
    )
    return video_json("door.mp4", result, annotated=None, folder=None)
