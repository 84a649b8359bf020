"""A film watched on the command line: JSON lines, alerts each once, an orderly end."""

import json
import signal
import threading
from pathlib import Path
from typing import Any

import av
import pytest

from maskdet_core import MaskDetector
from maskdet_core.alerts.channels import AlertChannels
from maskdet_core.alerts.events import AlertRules
from maskdet_core.alerts.webhook import Webhook
from maskdet_core.command_line import cli
from maskdet_core.command_line.watch import _stopped_by_signals
from maskdet_core.streams.judge import OUTAGE_STEP_S, SHORT_OUTAGE_S, StreamTime
from maskdet_core.streams.reader import LiveImage
from maskdet_core.streams.source import parse_source
from maskdet_core.streams.watch import StreamWatch, WatchOptions
from maskdet_core.video.watcher import FaceWatcher
from tests.core.alerts.receiver import Receiver, serving, verify
from tests.core.video.painted import Painted, painted_detector, picture

RULES = AlertRules(hold_s=0.5, clear_s=0.5)


def people_at(at_s: float) -> list[Painted]:
    return [(100, 80, "bare" if at_s < 2.0 else "mask", 1)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds: one person, bare, and masked from the third second on."""
    path = tmp_path_factory.mktemp("film") / "door.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=10, options={"qscale": "2"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuvj420p"
        for n in range(40):
            image = picture(*people_at(n / 10))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        out.mux(stream.encode())
    return path


def test_a_film_gives_lines_and_alerts_each_once(film: Path) -> None:
    lines = list(
        StreamWatch(
            painted_detector(), parse_source(str(film)), options=WatchOptions("door", RULES)
        ).lines(threading.Event())
    )
    assert [line["state"] for line in lines if line["type"] == "status"] == ["connected", "ended"]
    alerts = [line for line in lines if line["type"] == "alert"]
    assert [line["event"] for line in alerts] == ["no_mask", "all_masked"]
    assert alerts[0]["at_s"] == pytest.approx(0.6, abs=0.2)
    assert alerts[1]["at_s"] == pytest.approx(2.7, abs=0.4)
    assert "picture_jpeg_base64" not in alerts[0]
    people = [line for line in lines if line["type"] == "people"]
    verdicts = [line["people"][0]["verdict"] for line in people if line["people"]]
    assert list(dict.fromkeys(verdicts)) == ["without_mask", "with_mask"]
    # one at each change, and one a second
    assert 4 <= len(people) <= 8
    last = people[-1]["people"][0]
    assert last["box_xywh"] == pytest.approx([100, 80, 64, 64], abs=6)
    assert (last["p_with_mask"], last["p_worn_wrong"], last["p_without_mask"]) == (0.97, 0, 0.03)
    assert {line["source"] for line in lines} == {"door"}
    json.dumps(lines, allow_nan=False)


def test_a_stop_ends_it_at_once(film: Path) -> None:
    stop = threading.Event()
    lines = []
    for line in StreamWatch(painted_detector(), parse_source(str(film))).lines(stop):
        lines.append(line)
        stop.set()
    assert [line.get("state") for line in lines[-1:]] == ["stopped"]
    assert len(lines) <= 3


@pytest.mark.parametrize("with_picture", [False, True])
def test_a_face_is_sent_only_where_it_was_asked_for(
    film: Path, with_picture: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with serving(Receiver()) as receiver:
        channels = AlertChannels(Webhook(receiver.url))
        options = WatchOptions("door", RULES, with_picture=with_picture)
        watch = StreamWatch(painted_detector(), parse_source(str(film)), channels, options)
        lines = list(watch.lines(threading.Event()))
        channels.close()
    pictures = [json.loads(body)["picture_jpeg_base64"] for _, body in receiver.got]
    assert [picture is not None for picture in pictures] == [with_picture, False]
    assert "picture_jpeg_base64" not in json.dumps(lines)


def test_the_command_prints_lines_and_sends_alerts(
    film: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(MaskDetector, "load", lambda *_, **__: painted_detector())
    monkeypatch.setattr("maskdet_core.command_line.watch.load_classifier", lambda *_: None)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("MASKDET_WEBHOOK_SECRET", "0123456789abcdef0123456789abcdef")
    with serving(Receiver(503)) as receiver:
        monkeypatch.setenv("MASKDET_WEBHOOK_URL", receiver.url)
        command = ["watch", str(film), "--webhook", "-", "--hold", "0.5", "--name", "door"]
        assert cli.main(command) == 0
    out, err = capsys.readouterr()
    kinds = [json.loads(line)["type"] for line in out.splitlines()]
    assert kinds[0] == "status" and kinds.count("alert") == 1
    bodies = [json.loads(body) for _, body in receiver.got]
    assert [body["event"] for body in bodies] == ["no_mask", "no_mask"]
    assert bodies[0]["id"] == bodies[1]["id"]
    verify(*receiver.got[1], b"0123456789abcdef0123456789abcdef")
    assert "webhook: 1 alerts sent" in err
    assert "s3cret" not in out + err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--mqtt-tls"], "--mqtt-tls needs --mqtt"),
        (["--alert-picture"], "--alert-picture needs"),
        (["--hold", "-1"], "expected 0 to 3600"),
        (["--webhook", "ftp://host/s3cret"], "expected https"),
        (["--webhook", "-"], "MASKDET_WEBHOOK_URL"),
        (["--mqtt", "user:s3cret@host"], "HOST:PORT"),
    ],
)
def test_wrong_options_are_told_without_secrets(
    film: Path,
    options: list[str],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(MaskDetector, "load", lambda *_, **__: painted_detector())
    monkeypatch.setattr("maskdet_core.command_line.watch.load_classifier", lambda *_: None)
    monkeypatch.delenv("MASKDET_WEBHOOK_URL", raising=False)
    assert cli.main(["watch", str(film), *options]) == 2
    out, err = capsys.readouterr()
    assert why in err
    assert "s3cret" not in err.replace(" ".join(options), "")
    assert out == ""


def test_a_frame_that_cannot_be_checked_is_told_and_the_next_one_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop = threading.Event()

    class FakeReader:
        """Ten frames of one bare person."""

        def __init__(self, *_: Any, **__: Any) -> None:
            self._n = 0

        def __enter__(self) -> "FakeReader":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def newest(self, timeout_s: float) -> tuple[list[Any], LiveImage]:
            self._n += 1
            if self._n == 10:
                stop.set()
            frame = av.VideoFrame.from_ndarray(picture((100, 80, "bare", 1)), "rgb24")
            return [], LiveImage(self._n / 10, frame)

    detector = painted_detector()
    find, n_runs = detector.finder.find, []

    def failing(*arguments: Any, **options: Any) -> Any:
        n_runs.append(1)
        if len(n_runs) == 1:
            raise RuntimeError("rtsp://me:s3cret@camera")
        return find(*arguments, **options)

    monkeypatch.setattr(detector.finder, "find", failing)
    monkeypatch.setattr("maskdet_core.streams.watch.StreamReader", FakeReader)
    notes: list[str] = []
    source = parse_source("rtsp://camera/live")
    watch = StreamWatch(detector, source, notify=notes.append, clock=lambda: 0.0)
    monkeypatch.setattr("maskdet_core.streams.watch.time.sleep", lambda _: None)
    lines = list(watch.lines(stop))
    assert notes == ["a frame cannot be checked (RuntimeError)"]
    assert [one["person"] for one in lines[-2]["people"]] == [1]


def test_the_streams_time_stands_still_in_a_short_outage_only() -> None:
    time_of = StreamTime()
    assert [time_of.of(10.0, 0.0), time_of.of(10.5, 0.0)] == [0.0, 0.5]
    assert time_of.of(40.0, 29.0) == pytest.approx(0.5 + OUTAGE_STEP_S)
    assert time_of.of(40.1, 0.0) == pytest.approx(0.6 + OUTAGE_STEP_S)
    # a moment's loss is the gap that it is
    assert time_of.of(41.0, 0.5) == pytest.approx(1.5 + OUTAGE_STEP_S)
    long_s = SHORT_OUTAGE_S + 5
    assert time_of.of(41.0 + long_s, long_s) == pytest.approx(1.5 + OUTAGE_STEP_S + long_s)


def test_who_is_there_after_a_short_outage_is_the_same_person() -> None:
    watcher = FaceWatcher(painted_detector())
    for n in range(10):
        watcher.add(n / 10, picture((100, 80, "bare", 1)))
    watcher.add(0.9 + OUTAGE_STEP_S, picture((102, 80, "bare", 1)))
    watched = [
        watcher.add(1.0 + OUTAGE_STEP_S + n / 10, picture((102, 80, "bare", 1))) for n in range(8)
    ]
    assert watched[-1].people == (1,)
    assert watcher.n_people == 1


def test_signals_stop_the_watch_in_order_and_a_second_interrupt_at_once() -> None:
    with _stopped_by_signals() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert (stop.is_set(), stop.was_interrupted) == (True, False)
    with _stopped_by_signals() as stop:
        signal.raise_signal(signal.SIGINT)
        assert (stop.is_set(), stop.was_interrupted) == (True, True)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    # a lock might be held by the very thread that the signal interrupts
    assert all(isinstance(value, bool) for value in vars(stop).values())
