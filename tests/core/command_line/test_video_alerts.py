"""The events of a checked video, from its people and intervals."""

import json
from pathlib import Path
from typing import Any

import pytest

from maskdet_core.alerts.delivery import DRAIN_S
from maskdet_core.command_line import cli, video_alerts
from maskdet_core.command_line.video_alerts import alerts_of
from maskdet_core.command_line.video_run import VideoRun
from tests.core.alerts.receiver import Receiver, serving


def row(*people: list[tuple[float, float, str]], length_s: float = 60.0) -> dict[str, Any]:
    return {
        "path": "films/door.mp4",
        "length_s": length_s,
        "error": None,
        "people": [
            {
                "person": number,
                "intervals": [
                    {"start_s": start_s, "end_s": end_s, "verdict": verdict}
                    for start_s, end_s, verdict in intervals
                ],
            }
            for number, intervals in enumerate(people, 1)
        ],
    }


def told(video: dict[str, Any]) -> list[tuple[str, Any, int | None]]:
    return [
        (one.kind.value, pytest.approx(one.at_s, abs=0.11), one.person) for one in alerts_of(video)
    ]


def test_a_film_gives_the_events_of_its_people() -> None:
    video = row(
        [(1.0, 10.0, "without_mask"), (10.0, 50.0, "with_mask")],
        [(20.0, 21.0, "without_mask"), (30.0, 40.0, "worn_wrong")],
    )
    assert [(kind, person) for kind, _, person in told(video)] == [
        ("no_mask", 1),
        ("all_masked", None),
        ("worn_wrong", 2),
        ("all_masked", None),
    ]
    assert [at_s for _, at_s, _ in told(video)] == [3.0, 13.0, 32.0, 46.0]


def test_a_person_who_stays_for_long_is_no_outage() -> None:
    assert len(told(row([(0.0, 59.0, "without_mask")]))) == 1


def test_a_video_that_could_not_be_used_has_none() -> None:
    assert list(alerts_of({"error": "damaged", "people": [], "length_s": None})) == []


def test_check_sends_them_for_new_videos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    film = tmp_path / "door.mp4"
    film.touch()
    video = row([(1.0, 10.0, "without_mask")])

    def rows(self: VideoRun, write: Any = None) -> list[Any]:
        self._on_checked(video)
        return [video]

    monkeypatch.setattr(VideoRun, "rows", rows)
    with serving(Receiver()) as receiver:
        assert cli.main(["check", str(film), "--webhook", receiver.url]) == 0
    bodies = [json.loads(body) for _, body in receiver.got]
    assert [body["event"] for body in bodies] == ["no_mask", "all_masked"]
    assert {body["source"] for body in bodies} == {"door"}
    assert "webhook: 2 alerts sent" in capsys.readouterr().err


def test_photos_alone_raise_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["check", "photos", "--no-videos", "--webhook", "https://example.org/"]
    assert cli.main(command) == 2
    assert "--webhook tells of videos" in capsys.readouterr().err


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_who_interrupts_does_not_wait_long_for_a_receiver(
    is_interrupted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = tmp_path / "door.mp4"
    film.touch()

    def rows(self: VideoRun, write: Any = None) -> list[Any]:
        if is_interrupted:
            raise KeyboardInterrupt
        return []

    waited: list[float] = []
    monkeypatch.setattr(VideoRun, "rows", rows)
    monkeypatch.setattr(
        video_alerts, "close_channels", lambda channels, drain_s: waited.append(drain_s)
    )
    command = ["check", str(film), "--out", str(tmp_path / "out")]
    status = cli.main([*command, "--webhook", "https://example.invalid/"])
    assert (status, waited) == ((130, [DRAIN_S]) if is_interrupted else (0, [60.0]))
