"""Send alerts and counts to an MQTT broker, where Home Assistant finds them by itself.

Needs the extra ``mqtt``. Topics below ``maskdet/<name>/``: ``availability`` and ``state`` are
retained, ``event`` is not. Discovery: https://www.home-assistant.io/integrations/mqtt/
"""

import json
import re
import threading
import time
import unicodedata
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from maskdet_core.alerts.addresses import require_host_name, require_private
from maskdet_core.alerts.delivery import DRAIN_S, DeliveryCounts, guarded
from maskdet_core.alerts.events import PeopleCounts
from maskdet_core.alerts.message import SCHEMA, AlertMessage
from maskdet_core.errors import AlertError
from maskdet_core.version import __version__

if TYPE_CHECKING:
    from paho.mqtt.client import Client

PORT: Final = 1883
TLS_PORT: Final = 8883
"""Registered for MQTT, without and with encryption."""
MAX_QUEUED: Final = 64
"""Alerts that wait for the broker at most; further ones are dropped and counted."""
STATE_EVERY_S: Final = 1.0
"""Least time between two states."""
_DISCOVERY: Final = "homeassistant"
_KEEPALIVE_S: Final = 30
_CONNECT_S: Final = 5.0
_MAX_RECONNECT_S: Final = 60
_ONLINE, _OFFLINE = "online", "offline"
_SENSORS: Final = {
    "with_mask": ("With mask", "mdi:face-mask"),
    "worn_wrong": ("Mask worn wrong", "mdi:face-mask-outline"),
    "without_mask": ("Without mask", "mdi:face-man-outline"),
    "not_sure": ("Not sure", "mdi:help-circle-outline"),
}


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """A broker, and how to sign in.

    Attributes:
        host: name or address.
        port: None for the registered one.
        tls: whether to encrypt, with the system's certificates.
        user: None for none.
        password: None for none.
        allow_plain: allow an unencrypted connection to any host, not only to private ones.
    """

    host: str
    port: int | None = None
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    allow_plain: bool = False

    @property
    def used_port(self) -> int:
        """The port that is connected to."""
        return self.port or (TLS_PORT if self.tls else PORT)


class MqttAlerts:
    """Sends alerts and counts to a broker, on a thread of the client's own."""

    def __init__(
        self,
        address: MqttAddress,
        name: str,
        *,
        notify: Callable[[str], None] = lambda message: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to connect; a broker that cannot be reached is tried again and again.

        Args:
            address: of the broker.
            name: of the camera or file; topics and the device are named after it. Two programs
                need two names.
            notify: is told of failures, from the client's thread; without secrets.
            clock: monotonic seconds.

        Raises:
            AlertError: the extra is not installed, or the broker's name is none, or the broker is
                neither encrypted nor private.
        """
        require_host_name(address.host)
        if not address.tls and not address.allow_plain:
            require_private(address.host, "TLS (--mqtt-tls)")
        self._address, self._name = address, name
        self._notify, self._clock = guarded(notify), clock
        self._slug = topic_name(name)
        self._base = f"maskdet/{self._slug}"
        self._lock = threading.Lock()
        self._state: dict[str, Any] | None = None
        self._published: dict[str, Any] | None = None
        self._published_s = -STATE_EVERY_S
        self._is_available = False
        self._told: str | None = None
        self._n_dropped = self._n_sent = 0
        self._waiting: set[int] = set()
        self._acknowledged: deque[int] = deque(maxlen=4 * MAX_QUEUED)
        self._client = self._made_client()
        self._client.connect_async(address.host, address.used_port, _KEEPALIVE_S)
        self._client.loop_start()

    @property
    def counts(self) -> DeliveryCounts:
        """What has become of the alerts so far; those that wait are not in it."""
        with self._lock:
            return DeliveryCounts(n_sent=self._n_sent, n_dropped=self._n_dropped)

    def send(self, message: AlertMessage) -> None:
        """Queue an alert. Never waits."""
        payload = json.dumps(message.to_json(), allow_nan=False)
        # not under the lock, which the client's thread takes while it holds one of its own
        sent = self._client.publish(f"{self._base}/event", payload, qos=1)
        with self._lock:
            if sent.rc == _queue_is_full():
                self._n_dropped += 1
            elif sent.mid in self._acknowledged:
                self._n_sent += 1
            else:
                # without a connection it is in the client's queue, whose bound is `MAX_QUEUED`
                self._waiting.add(sent.mid)

    def show(self, counts: PeopleCounts, n_alerting: int) -> None:
        """The people in view at the moment; call it often, it publishes changes only.

        Args:
            counts: by verdict.
            n_alerting: see `Alert`.
        """
        state = {
            "schema": SCHEMA,
            "someone_without_mask": "ON" if n_alerting else "OFF",
            "n_alerting": n_alerting,
            **asdict(counts),
        }
        with self._lock:
            self._state = state
            now_s = self._clock()
            if state == self._published or now_s - self._published_s < STATE_EVERY_S:
                return
            self._published, self._published_s = state, now_s
        self._publish_newest("state", self._newest_state)

    def set_available(self, is_available: bool) -> None:
        """Whether there is a picture to judge; without one the values are unknown."""
        with self._lock:
            changed = self._is_available is not is_available
            self._is_available = is_available
        if changed:
            self._publish_newest("availability", self._newest_availability)

    def close(self, drain_s: float = DRAIN_S) -> DeliveryCounts:
        """Send what waits, for a while, say goodbye and end. Call it once.

        Args:
            drain_s: time for it.
        """
        until_s = time.monotonic() + drain_s
        self.set_available(False)
        while time.monotonic() < until_s:
            with self._lock:
                if not self._waiting:
                    break
            time.sleep(0.02)
        if self._client.is_connected():
            # the farewell is acknowledged, so that the broker has it before the connection ends
            gone = self._client.publish(f"{self._base}/availability", _OFFLINE, 1, retain=True)
            gone.wait_for_publish(max(0.1, until_s - time.monotonic()))
        self._client.disconnect()
        # the client may be in the middle of looking up a name
        stopper = threading.Thread(target=self._client.loop_stop, daemon=True)
        stopper.start()
        stopper.join(max(0.5, until_s - time.monotonic()))
        with self._lock:
            self._n_dropped += len(self._waiting)
            self._waiting.clear()
        return self.counts

    def discovery(self) -> dict[str, dict[str, Any]]:
        """What Home Assistant is told: payloads by topic."""
        shared = {
            "availability_topic": f"{self._base}/availability",
            "state_topic": f"{self._base}/state",
            "device": {
                "identifiers": [f"maskdet_{self._slug}"],
                "name": self._name,
                "manufacturer": "Maskdet",
                "model": "Face mask check",
                "sw_version": __version__,
            },
            "origin": {"name": "Maskdet", "sw_version": __version__},
        }
        topics = {
            f"{_DISCOVERY}/binary_sensor/maskdet_{self._slug}/someone_without_mask/config": {
                "name": "Someone without a mask",
                "unique_id": f"maskdet_{self._slug}_someone_without_mask",
                "value_template": "{{ value_json.someone_without_mask }}",
                "device_class": "problem",
                **shared,
            }
        }
        for key, (label, icon) in _SENSORS.items():
            topics[f"{_DISCOVERY}/sensor/maskdet_{self._slug}/{key}/config"] = {
                "name": label,
                "unique_id": f"maskdet_{self._slug}_{key}",
                "value_template": f"{{{{ value_json.{key} }}}}",
                "unit_of_measurement": "people",
                "state_class": "measurement",
                "icon": icon,
                **shared,
            }
        return topics

    def _made_client(self) -> "Client":
        try:
            from paho.mqtt.client import Client
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise AlertError(
                "MQTT needs a package that is not installed: pip install 'maskdet[mqtt]'"
            ) from error
        address = self._address
        # a name of its own, so that two programs do not throw each other out
        client_id = f"maskdet-{self._slug[:32]}-{uuid.uuid4().hex[:8]}"
        client = Client(CallbackAPIVersion.VERSION2, client_id)
        client.connect_timeout = _CONNECT_S
        client.max_queued_messages_set(MAX_QUEUED)
        client.reconnect_delay_set(1, _MAX_RECONNECT_S)
        client.will_set(f"{self._base}/availability", _OFFLINE, qos=1, retain=True)
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        if address.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason: Any, rest: Any) -> None:
        if reason.is_failure:
            self._tell(f"the MQTT broker refuses: {reason}")
            return
        with self._lock:
            told, self._told = self._told, None
            self._published = self._state
        if told is not None:
            self._notify("the MQTT broker is back")
        for topic, payload in self.discovery().items():
            client.publish(topic, json.dumps(payload), qos=0, retain=True)
        self._publish_newest("availability", self._newest_availability)
        self._publish_newest("state", self._newest_state)

    def _on_connect_fail(self, client: Any, userdata: Any) -> None:
        self._tell(f"the MQTT broker {self._address.host} cannot be reached; trying again")

    def _on_disconnect(self, client: Any, data: Any, flags: Any, reason: Any, rest: Any) -> None:
        if reason.is_failure:
            self._tell(f"the MQTT broker is lost: {reason}; trying again")

    def _on_publish(self, client: Any, data: Any, mid: int, reason: Any, rest: Any) -> None:
        with self._lock:
            if mid in self._waiting:
                self._waiting.discard(mid)
                self._n_sent += 1
            else:
                # a state, or an alert whose `publish` has not returned yet
                self._acknowledged.append(mid)

    def _tell(self, message: str) -> None:
        """Each message once until the broker is back or another is told."""
        with self._lock:
            told, self._told = self._told, message
        if told != message:
            self._notify(message)

    def _newest_state(self) -> str | None:
        with self._lock:
            return None if self._published is None else json.dumps(self._published)

    def _newest_availability(self) -> str | None:
        with self._lock:
            return _ONLINE if self._is_available else _OFFLINE

    def _publish_newest(self, topic: str, newest: Callable[[], str | None]) -> None:
        """Retain what holds.

        Not under the lock, see `send`: another thread's newer value may overtake this one, which
        would then replace it for good.
        """
        payload = newest()
        # of no use later: `_on_connect` sends what holds then
        while payload is not None and self._client.is_connected():
            self._client.publish(f"{self._base}/{topic}", payload, qos=0, retain=True)
            published, payload = payload, newest()
            if payload == published:
                return


def topic_name(name: str) -> str:
    """A name as a part of a topic: lower case letters, digits and ``_``.

    Args:
        name: any text.
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_") or "camera"


def parse_broker(text: str) -> tuple[str, int | None]:
    """Host and port of ``HOST``, ``HOST:PORT`` or ``[IPV6]:PORT``.

    Raises:
        ValueError: anything else.
    """
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?", text)
    port = int(match[2]) if match and match[2] else None
    if match is None or (port is not None and not 1 <= port <= 65535):
        raise ValueError("expected HOST or HOST:PORT, such as 192.168.1.5:1883")
    return match[1].strip("[]"), port


def _queue_is_full() -> int:
    from paho.mqtt.enums import MQTTErrorCode

    return int(MQTTErrorCode.MQTT_ERR_QUEUE_SIZE)
