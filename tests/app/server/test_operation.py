"""Limits, logs, numbers, the build, and a good end."""

import asyncio
import json
import logging
import os
import signal
import urllib.request
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from maskdet_app.ops import build_info as build
from maskdet_app.ops import metrics as monitoring
from maskdet_app.ops import shutdown as farewell
from maskdet_app.ops.rate_limit import MAX_KEYS, RateLimiter
from maskdet_app.server import asgi as around
from maskdet_app.server import json_logs as logs
from maskdet_core import Detections, Face, FaceBox, Verdict
from testbed.server import free_port
from tests.core.live.fakes import Clock


def test_a_burst_and_then_a_rate() -> None:
    clock = Clock()
    limiter = RateLimiter(2, 0.5, clock=clock)
    assert [limiter.wait_s("a") for _ in range(3)] == [0, 0, 2]
    assert limiter.wait_s("b") == 0
    clock.now += 1.0
    assert limiter.wait_s("a") == pytest.approx(1)
    clock.now += 1.0
    assert limiter.wait_s("a") == 0
    # never more than the burst, however long one waits
    clock.now += 1e6
    assert [limiter.wait_s("a") > 0 for _ in range(3)] == [False, False, True]


def test_memory_of_a_limiter_is_bounded() -> None:
    limiter = RateLimiter(1, 0.001)
    for number in range(MAX_KEYS + 5):
        limiter.wait_s(number)
    assert len(limiter._buckets) == MAX_KEYS
    assert limiter.wait_s(0) == 0, "forgotten first"
    assert limiter.wait_s(MAX_KEYS) > 0


@pytest.mark.parametrize(("burst", "per_s"), [(0, 1.0), (1, 0.0), (1, -1.0)])
def test_a_limiter_that_lets_nobody_pass_is_refused(burst: int, per_s: float) -> None:
    with pytest.raises(ValueError, match="burst"):
        RateLimiter(burst, per_s)


def test_a_log_line_is_one_object() -> None:
    record = logging.LogRecord("a.b", logging.WARNING, "f.py", 1, "it's %s\nnow", ("ñ",), None)
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert found["level"] == "warning"
    assert found["logger"] == "a.b"
    assert found["message"] == "it's ñ\nnow"
    assert found["time"].endswith("Z")


def test_numbers() -> None:
    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = {
        "frames": value("maskdet_frames_total"),
        "with": value("maskdet_faces_shown_total", verdict="with_mask"),
        "viewer": value("maskdet_refused_total", what="viewer"),
        "unreadable": value("maskdet_photos_total", outcome="unreadable"),
        "photo": value("maskdet_photo_faces_total", verdict="with_mask"),
    }
    found = Detections(100, 100, (Face(FaceBox(1, 1, 50, 50), 0.99, Verdict.WITH_MASK),))
    meter = monitoring.LiveMetrics()
    meter.frame_received()
    meter.frame_sent(0.004, found)
    meter.viewer_rejected()
    monitoring.count_photo(None)
    monitoring.count_photo(found)
    assert value("maskdet_frames_total") == before["frames"] + 1
    assert value("maskdet_faces_shown_total", verdict="with_mask") == before["with"] + 1
    assert value("maskdet_refused_total", what="viewer") == before["viewer"] + 1
    assert value("maskdet_photos_total", outcome="unreadable") == before["unreadable"] + 1
    assert value("maskdet_photo_faces_total", verdict="with_mask") == before["photo"] + 1


@pytest.mark.parametrize("said", ["soon", "-1", "70000", "nan"])
def test_settings_that_are_no_numbers_stop_the_start(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASKDET_GRACE_S", said)
    with pytest.raises(ValueError, match="MASKDET_GRACE_S"):
        around.options()


def test_the_commit_is_read_from_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(build.COMMIT, raising=False)
    folder = tmp_path / ".git"
    assert build._from_git(folder) == ""
    folder.mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "packed-refs").write_text("# pack-refs\n" + "b" * 40 + " refs/heads/main\n")
    assert build._from_git(folder) == "b" * 40
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    assert build._from_git(folder) == "a" * 40
    (folder / "HEAD").write_text("c" * 40 + "\n")
    assert build._from_git(folder) == "c" * 40


def test_the_commit_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(build.COMMIT, "0123456789abcdef")
    build.commit.cache_clear()
    assert build.commit() == "012345678"
    build.commit.cache_clear()


@pytest.mark.parametrize("n_viewers", [0, 2])
def test_viewers_are_told_before_the_end(n_viewers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    farewell._LEAVING.clear()
    ended: list[bool] = []
    before = signal.signal(signal.SIGTERM, lambda *_: ended.append(farewell.is_draining()))

    async def live() -> None:
        farewell.drain_before_exit(0.2, lambda: n_viewers)
        assert not farewell.is_draining()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.05)
        assert farewell.is_draining()
        assert ended == ([] if n_viewers else [True])
        await asyncio.sleep(0.4)
        assert ended == [True]

    try:
        asyncio.run(live())
    finally:
        signal.signal(signal.SIGTERM, before)
        farewell._LEAVING.clear()


def test_numbers_are_served() -> None:
    port = free_port()
    monitoring.serve(port, "127.0.0.1")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"maskdet_frames_total" in answer.read()
