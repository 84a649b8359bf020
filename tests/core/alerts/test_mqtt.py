"""MQTT without a broker: names, addresses, a missing package, a bounded queue."""

import json
import socket
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from maskdet_core.alerts.events import PeopleCounts
from maskdet_core.alerts.mqtt import (
    MAX_QUEUED,
    MqttAddress,
    MqttAlerts,
    parse_broker,
    topic_name,
)
from maskdet_core.errors import AlertError
from tests.core.alerts.alerts import message, wait_for


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("broker", ("broker", None)),
        ("192.168.1.5:1884", ("192.168.1.5", 1884)),
        ("[::1]:1883", ("::1", 1883)),
        ("[::1]", ("::1", None)),
    ],
)
def test_brokers_are_read(text: str, expected: tuple[str, int | None]) -> None:
    assert parse_broker(text) == expected


@pytest.mark.parametrize("text", ["", "mqtt://broker", "user:pass@broker", "broker:0", "broker:x"])
def test_other_texts_are_no_broker_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="HOST") as refused:
        parse_broker(text)
    assert "pass" not in str(refused.value)


def test_a_name_becomes_a_part_of_a_topic() -> None:
    assert topic_name("Entrée #1 / Nord+Süd") == "entree_1_nord_sud"
    assert topic_name("入口") == "camera"


def test_ports_are_the_registered_ones() -> None:
    assert MqttAddress("broker").used_port == 1883
    assert MqttAddress("broker", tls=True).used_port == 8883
    assert "s3cret" not in repr(MqttAddress("broker", user="me", password="s3cret"))


def test_without_the_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(AlertError, match=r"maskdet\[mqtt\]"):
        MqttAlerts(MqttAddress("127.0.0.1"), "entrance")


def test_a_public_broker_needs_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    public = [(0, 0, 0, "", ("8.8.8.8", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: public)
    with pytest.raises(AlertError, match="--mqtt-tls"):
        MqttAlerts(MqttAddress("broker.test"), "entrance")


def test_a_broker_needs_a_name_that_can_be_looked_up() -> None:
    with pytest.raises(AlertError, match="empty part"):
        MqttAlerts(MqttAddress("broker..test", tls=True), "entrance")


def test_without_a_broker_nothing_waits_and_what_is_lost_is_counted() -> None:
    notes: list[str] = []
    address = MqttAddress("127.0.0.1", free_port(), user="me", password="s3cret")
    alerts = MqttAlerts(address, "entrance", notify=notes.append)
    began_s = time.monotonic()
    for _ in range(MAX_QUEUED + 5):
        alerts.send(message())
    alerts.show(PeopleCounts(), 0)
    alerts.set_available(True)
    assert time.monotonic() - began_s < 5
    assert alerts.counts.n_dropped == 5
    wait_for(lambda: notes)
    assert alerts.close(drain_s=0.05).n_dropped == MAX_QUEUED + 5
    assert notes == ["the MQTT broker 127.0.0.1 cannot be reached; trying again"]


def test_discovery_names_topics_that_are_published_and_keys_that_are_there() -> None:
    alerts = MqttAlerts(MqttAddress("127.0.0.1", free_port()), "Front door")
    try:
        topics = alerts.discovery()
    finally:
        alerts.close(drain_s=0)
    binary = topics["homeassistant/binary_sensor/maskdet_front_door/someone_without_mask/config"]
    assert binary["state_topic"] == "maskdet/front_door/state"
    assert binary["availability_topic"] == "maskdet/front_door/availability"
    assert binary["device"]["name"] == "Front door"
    assert len({one["unique_id"] for one in topics.values()}) == len(topics) == 5
    assert len({json.dumps(one["device"]) for one in topics.values()}) == 1


class OvertakenClient:
    """Connected; another thread's value is published just before the first one of a topic."""

    def __init__(self, topic: str, overtake: Callable[[], None]) -> None:
        self._topic, self._overtake, self._is_first = topic, overtake, True
        self.retained: dict[str, str] = {}

    def is_connected(self) -> bool:
        return True

    def publish(self, topic: str, payload: str, **_: Any) -> None:
        if topic == self._topic and self._is_first:
            self._is_first = False
            self._overtake()
        self.retained[topic] = payload


def test_a_value_that_was_overtaken_is_not_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    alerts = MqttAlerts(MqttAddress("127.0.0.1", free_port()), "door", clock=lambda: 0.0)
    connected = SimpleNamespace(is_failure=False)
    alerts.show(PeopleCounts(), 0)
    try:
        client = OvertakenClient("maskdet/door/availability", lambda: alerts.set_available(True))
        with monkeypatch.context() as patched:
            patched.setattr(alerts, "_client", client)
            alerts._on_connect(client, None, None, connected, None)
        assert client.retained["maskdet/door/availability"] == "online"

        def show() -> None:
            alerts._published_s = -1.0
            alerts.show(PeopleCounts(without_mask=1), 1)

        client = OvertakenClient("maskdet/door/state", show)
        with monkeypatch.context() as patched:
            patched.setattr(alerts, "_client", client)
            alerts._on_connect(client, None, None, connected, None)
        assert json.loads(client.retained["maskdet/door/state"])["without_mask"] == 1
    finally:
        alerts.close(drain_s=0)
