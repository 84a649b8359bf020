"""A real mosquitto, and a subscriber that notes all it hears."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.core.alerts.alerts import wait_for

USER, PASSWORD = "maskdet", "s3cret-of-the-broker"


@contextmanager
def mosquitto(program: str, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A broker on the loopback that knows one user."""
    passwords = folder / "passwords"
    passwords.touch(0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), USER, PASSWORD], check=True)
    # it gives up root's rights, and has to read the file all the same
    passwords.chmod(0o644)
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        "persistence false\nuser root\n"
    )
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: is_listening(port))
        yield process
    finally:
        process.terminate()
        process.wait(10)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Subscriber:
    """Hears everything; messages by topic, in order."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(USER, PASSWORD)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._note
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()
        wait_for(self._subscribed.is_set)

    def of(self, topic: str) -> list[str]:
        return [payload for name, payload, _ in self.heard if name == topic]

    def events(self, name: str) -> list[Any]:
        return [json.loads(payload) for payload in self.of(f"maskdet/{name}/event")]

    def state(self, name: str) -> Any:
        return json.loads((self.of(f"maskdet/{name}/state") or ["{}"])[-1])

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _note(self, client: Any, userdata: Any, message: Any) -> None:
        self.heard.append((message.topic, message.payload.decode(), message.retain))
