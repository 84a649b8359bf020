"""Results of videos without a network."""

from typing import Any

import pytest

from maskdet_core import Verdict
from maskdet_core.batch.videos.report import video_json
from maskdet_core.video.check import VideoResult
from maskdet_core.video.moments import Moment
from maskdet_core.video.reading import VideoInfo
from maskdet_core.video.timeline import Interval, Person

BARE, MASK, WRONG = Verdict.WITHOUT_MASK, Verdict.WITH_MASK, Verdict.WORN_WRONG


@pytest.fixture
def row() -> dict[str, Any]:
    """Two people in 75 s, one of whom changes."""
    people = (
        Person(1, (Interval(0.0, 60.0, MASK), Interval(60.0, 61.0, BARE))),
        Person(2, (Interval(10.0, 70.0, WRONG),)),
    )
    moments = (
        Moment(10.0, 2, WRONG, b"jpeg", b"blurred"),
        Moment(60.0, 1, BARE, b"jpeg", b"blurred"),
    )
    info = VideoInfo(640, 480, 75.0, 25.0, "h264", True)
    result = VideoResult(640, 480, 75.0, info, 750, people, moments)
    return video_json("film.mp4", result, annotated=None, folder=None)
