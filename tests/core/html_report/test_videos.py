"""What a report shows of videos: right numbers and places, whatever the videos' length."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from maskdet_core.batch.photos.document import html_text
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.batch.videos.report import failed_video_json
from maskdet_core.html_report.texts import Texts
from maskdet_core.html_report.videos import VideoPart, video_cards
from maskdet_core.types import Detections
from maskdet_core.video.timeline import Interval, Person
from tests.core.html_report.parsed import Parsed
from tests.core.html_report.rows import FACTS, MASK, row_of

TEXTS = Texts("en")


def part_of(*rows: dict[str, Any]) -> VideoPart:
    return VideoPart(rows, [one["path"] for one in rows], FACTS, lambda row: [b"jpeg"])


def html_of(part: VideoPart | None, reports: list[PhotoReport] | None = None, **more: Any) -> str:
    made_at = datetime(2026, 11, 30, tzinfo=UTC)
    photos = reports or []
    return "".join(html_text(photos, FACTS, TEXTS, made_at, videos=part, **more))


def test_times_are_drawn_where_they_are() -> None:
    (card,) = video_cards(part_of(row_of()), TEXTS)
    first, second = card.people
    assert [(one.kind, one.left, one.width) for one in first.blocks] == [
        ("with_mask", 0.0, 25.0),
        ("without_mask", 25.0, 75.0),
    ]
    assert (first.verdict, first.times) == ("No mask", "0:00.0–0:02.5 Mask, 0:02.5–0:10.0 No mask")
    assert [(one.left, one.width) for one in second.blocks] == [(50.0, 10.0)]
    assert [(one.left, one.text) for one in card.ticks][-1] == (100.0, "0:10")


def test_people_by_second_are_stacked() -> None:
    (card,) = video_cards(part_of(row_of()), TEXTS)
    assert card.most == 2
    at_5 = sorted((one.top, one.kind, one.height) for one in card.seconds if one.left == 50.0)
    assert at_5 == [(0.0, "without_mask", 36.0), (36.0, "with_mask", 36.0)]
    assert max(one.left + one.width for one in card.seconds) <= 100.001


@pytest.mark.parametrize("length_s", [0.04, 1.0, 59.9, 3600.0, 14_400.0, 90_000.0])
def test_axes_and_columns_are_few_whatever_the_length(length_s: float) -> None:
    people = (Person(1, (Interval(0.0, length_s, MASK),)),)
    (card,) = video_cards(part_of(row_of(people, length_s)), TEXTS)
    assert 1 <= len(card.ticks) <= 7
    assert 1 <= len(card.seconds) <= 120
    assert all(0 <= tick.left <= 100 for tick in card.ticks)
    assert len({tick.text for tick in card.ticks}) == len(card.ticks)


def test_many_times_of_one_person_are_summed_up() -> None:
    times = tuple(Interval(n, n + 0.5, MASK) for n in range(20))
    (card,) = video_cards(part_of(row_of((Person(1, times),), 20.0)), TEXTS)
    assert len(card.people[0].blocks) == 20
    assert card.people[0].times.endswith("and 8 more times")


def test_a_file_of_photos_and_videos_has_both() -> None:
    photo = PhotoReport("a.jpg", Detections(10, 10, ()))
    shown = Parsed(html_of(part_of(row_of()), [photo]))
    assert "Photos checked: 1 · Videos checked: 1" in shown.text
    assert "Smallest face searched for in videos" in shown.texts
    assert "Faces by verdict" in shown.texts
    assert "People in videos by verdict" in shown.texts


def test_a_file_of_videos_says_nothing_of_photos() -> None:
    shown = Parsed(html_of(part_of(row_of())))
    assert "Photos" not in shown.text
    assert "Smallest face searched for" in shown.texts


def test_what_could_not_be_used_has_its_reason_and_all_is_escaped() -> None:
    bad = failed_video_json("<b>.mp4", "the <file> is damaged")
    text = html_of(part_of(bad, row_of()))
    shown = Parsed(text)
    assert {"<b>.mp4", "the <file> is damaged", "<cut>"} <= set(shown.texts)
    assert "<b>" not in text
    assert shown.all("script") == []


def test_pictures_are_left_out_where_nobody_wants_them() -> None:
    assert len(Parsed(html_of(part_of(row_of()))).all("img")) == 1
    without = replace(part_of(row_of()), pictures=None)
    shown = Parsed(html_of(without, blurred=True))
    assert shown.all("img") == []
    assert "Faces in the pictures" not in shown.texts
