"""Alerts and counts at a real mosquitto: each once, found by Home Assistant, offline when gone."""

import json
from pathlib import Path

from maskdet_core.alerts.events import PeopleCounts
from maskdet_core.alerts.mqtt import MqttAddress, MqttAlerts
from tests.core.alerts.alerts import message, wait_for
from tests.core.alerts.test_mqtt import free_port
from tests.loopback.broker import PASSWORD, USER, Subscriber, mosquitto


def address(port: int) -> MqttAddress:
    return MqttAddress("127.0.0.1", port, user=USER, password=PASSWORD)


def test_alerts_arrive_once_and_values_are_kept_for_who_comes_later(
    mosquitto_path: str, tmp_path: Path
) -> None:
    port = free_port()
    with mosquitto(mosquitto_path, tmp_path, port):
        now_s = [0.0]
        alerts = MqttAlerts(address(port), "Front door", clock=lambda: now_s[0])
        alerts.set_available(True)
        alerts.show(PeopleCounts(with_mask=1), 0)
        wait_for(alerts._client.is_connected)
        first = Subscriber(port)
        sent = [message(), message()]
        for one in sent:
            alerts.send(one)
        # within a second only the newest counts
        alerts.show(PeopleCounts(without_mask=2), 1)
        alerts.show(PeopleCounts(without_mask=1), 1)
        now_s[0] = 2.0
        alerts.show(PeopleCounts(without_mask=1), 1)
        wait_for(lambda: first.state("front_door").get("without_mask") == 1)
        wait_for(lambda: len(first.events("front_door")) == 2)
        assert first.events("front_door") == [one.to_json() for one in sent]
        later = Subscriber(port)
        wait_for(lambda: later.of("maskdet/front_door/state"))
        assert later.state("front_door") == {
            "schema": 1,
            "someone_without_mask": "ON",
            "n_alerting": 1,
            "with_mask": 0,
            "worn_wrong": 0,
            "without_mask": 1,
            "not_sure": 0,
        }
        assert later.events("front_door") == []
        for topic, payload in alerts.discovery().items():
            wait_for(lambda topic=topic: later.of(topic))
            assert json.loads(later.of(topic)[0]) == payload
        assert later.of("maskdet/front_door/availability") == ["online"]
        assert alerts.close().n_sent == 2
        wait_for(lambda: "offline" in later.of("maskdet/front_door/availability"))
        assert len(first.events("front_door")) == 2
        first.close()
        later.close()


def test_a_broker_that_comes_later_gets_what_waited_and_a_crash_shows(
    mosquitto_path: str, tmp_path: Path
) -> None:
    port = free_port()
    notes: list[str] = []
    alerts = MqttAlerts(address(port), "door", notify=notes.append)
    alerts.set_available(True)
    alerts.show(PeopleCounts(), 0)
    waiting = message()
    alerts.send(waiting)
    wait_for(lambda: notes)
    with mosquitto(mosquitto_path, tmp_path, port):
        subscriber = Subscriber(port)
        wait_for(lambda: subscriber.events("door"))
        assert subscriber.events("door") == [waiting.to_json()]
        wait_for(lambda: alerts.counts.n_sent == 1)
        assert "the MQTT broker is back" in notes
        wait_for(lambda: subscriber.of("maskdet/door/availability") == ["online"])
        # gone without a farewell, as after a crash: the broker tells by itself
        alerts._client.loop_stop()
        sock = alerts._client.socket()
        assert sock is not None
        sock.close()
        wait_for(lambda: subscriber.of("maskdet/door/availability")[-1] == "offline")
        subscriber.close()


def test_a_wrong_password_is_told_and_not_shown(mosquitto_path: str, tmp_path: Path) -> None:
    port = free_port()
    notes: list[str] = []
    with mosquitto(mosquitto_path, tmp_path, port):
        wrong = MqttAddress("127.0.0.1", port, user=USER, password="s3cret-but-wrong")
        alerts = MqttAlerts(wrong, "door", notify=notes.append)
        alerts.send(message())
        wait_for(lambda: any("refuses" in note for note in notes))
        assert alerts.close(drain_s=0.1).n_dropped == 1
    assert "s3cret" not in "".join(notes)
