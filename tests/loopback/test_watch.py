"""`maskdet watch` on a real RTSP stream, cut and restored: alerts arrive each once."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from maskdet_core.alerts.channels import AlertChannels
from maskdet_core.alerts.events import AlertRules
from maskdet_core.alerts.mqtt import MqttAddress, MqttAlerts
from maskdet_core.alerts.webhook import Webhook
from maskdet_core.streams.reader import ReaderLimits
from maskdet_core.streams.source import StreamSource, parse_source
from maskdet_core.streams.watch import StreamWatch, WatchOptions
from testbed.repository import REPO_ROOT
from tests.core.alerts.alerts import wait_for
from tests.core.alerts.receiver import Receiver, serving, verify
from tests.core.alerts.test_mqtt import free_port
from tests.core.video.painted import painted_detector, picture
from tests.loopback.broker import PASSWORD, USER, Subscriber, mosquitto
from tests.loopback.rtsp_camera import camera
from tests.loopback.rtsp_secrets import RTSP_PASSWORD, RTSP_USER

RULES = AlertRules(hold_s=0.4, clear_s=0.4, forget_s=1.0)
LIMITS = ReaderLimits(open_s=5, read_s=5, first_wait_s=0.2, max_wait_s=0.2)
SECRET = "0123456789abcdef0123456789abcdef"


@contextmanager
def watching(source: StreamSource, channels: AlertChannels) -> Iterator[list[dict[str, Any]]]:
    stop, lines = threading.Event(), []
    options = WatchOptions("door", RULES, limits=LIMITS)
    watch = StreamWatch(painted_detector(), source, channels, options)
    thread = threading.Thread(target=lambda: lines.extend(collected(watch, stop, lines)))
    thread.start()
    try:
        yield lines
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def collected(watch: StreamWatch, stop: threading.Event, lines: list[Any]) -> list[Any]:
    for line in watch.lines(stop):
        lines.append(line)
    return []


def photo(folder: Path, wears: str) -> Path:
    path = folder / f"{wears}.jpg"
    Image.fromarray(picture((100, 80, wears, 1))).save(path, quality=95)
    return path


def test_a_stream_cut_and_restored_raises_each_event_once(
    rtsp_python: str, mosquitto_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    bare, masked = photo(tmp_path, "bare"), photo(tmp_path, "mask")
    port, mqtt_port = free_port(), free_port()
    source = parse_source(f"rtsp://127.0.0.1:{port}/camera", RTSP_USER, RTSP_PASSWORD)
    with mosquitto(mosquitto_path, tmp_path, mqtt_port), serving(Receiver()) as receiver:
        subscriber = Subscriber(mqtt_port)
        channels = AlertChannels(
            Webhook(receiver.url, secret=SECRET),
            MqttAlerts(MqttAddress("127.0.0.1", mqtt_port, user=USER, password=PASSWORD), "door"),
        )

        def states() -> list[str]:
            return [line["state"] for line in list(lines) if line["type"] == "status"]

        def n_people() -> int:
            return sum(line["type"] == "people" and bool(line["people"]) for line in list(lines))

        with watching(source, channels) as lines:
            with camera(rtsp_python, port, bare):
                wait_for(lambda: subscriber.events("door"), 20)
                wait_for(lambda: subscriber.state("door").get("someone_without_mask") == "ON")
            wait_for(lambda: states()[-1] == "lost")
            wait_for(lambda: subscriber.of("maskdet/door/availability")[-1] == "offline")
            before = n_people()
            with camera(rtsp_python, port, bare):
                # the same person, bare for longer than an event takes
                wait_for(lambda: n_people() >= before + 3, 20)
                assert states()[-1] == "connected"
            wait_for(lambda: states()[-1] == "lost")
            with camera(rtsp_python, port, masked):
                wait_for(lambda: len(subscriber.events("door")) >= 2, 20)
                wait_for(lambda: subscriber.state("door").get("someone_without_mask") == "OFF")
        counts = channels.close()
        heard = subscriber.events("door")
        subscriber.close()
    assert [event["event"] for event in heard] == ["no_mask", "all_masked"]
    assert [json.loads(body) for _, body in receiver.got] == heard
    for headers, body in receiver.got:
        verify(headers, body, SECRET.encode())
    assert {name: one.n_sent for name, one in counts.items()} == {"webhook": 2, "mqtt": 2}
    told = json.dumps(lines)
    assert RTSP_USER not in told and RTSP_PASSWORD not in told


def test_the_command_ends_in_order_and_prints_no_secret() -> None:
    # nobody listens there: it keeps trying until it is told to stop
    url = f"rtsp://{RTSP_USER}:s3cret@127.0.0.1:{free_port()}/camera?token=s3cret"
    command = [sys.executable, "-m", "maskdet_core", "watch", url]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPO_ROOT
    )
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert (first["state"], first["reason"]) == ("lost", "Connection refused")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(out.splitlines()[-1])["state"] == "stopped"
    assert "s3cret" not in out + err and RTSP_USER not in out + err
