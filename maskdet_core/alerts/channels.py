"""All ways that alerts go, as one."""

from collections.abc import Callable
from dataclasses import dataclass, field

from maskdet_core.alerts.delivery import DRAIN_S, DeliveryCounts, DeliveryLimits
from maskdet_core.alerts.events import PeopleCounts
from maskdet_core.alerts.message import AlertMessage
from maskdet_core.alerts.mqtt import MqttAddress, MqttAlerts
from maskdet_core.alerts.webhook import Webhook


@dataclass(slots=True)
class AlertChannels:
    """Where alerts go; nowhere by default. No method but `close` waits.

    Attributes:
        webhook: None for none.
        mqtt: None for none.
    """

    webhook: Webhook | None = None
    mqtt: MqttAlerts | None = None

    def send(self, message: AlertMessage) -> None:
        """Send an alert by each."""
        for channel in (self.webhook, self.mqtt):
            if channel is not None:
                channel.send(message)

    def show(self, counts: PeopleCounts, n_alerting: int) -> None:
        """The people in view at the moment, for those who show them."""
        if self.mqtt is not None:
            self.mqtt.show(counts, n_alerting)

    def set_available(self, is_available: bool) -> None:
        """Whether there is a picture to judge."""
        if self.mqtt is not None:
            self.mqtt.set_available(is_available)

    def close(self, drain_s: float = DRAIN_S) -> dict[str, DeliveryCounts]:
        """Send what waits, for a while, and end.

        Args:
            drain_s: time for each.

        Returns:
            What has become of the alerts, by the channels' names.
        """
        named = {"webhook": self.webhook, "mqtt": self.mqtt}
        return {name: one.close(drain_s) for name, one in named.items() if one is not None}


@dataclass(frozen=True, slots=True)
class AlertAddresses:
    """Where alerts go.

    Attributes:
        webhook: see `Webhook`; None for none.
        webhook_secret: signs; None sends unsigned.
        broker: of MQTT; None for none.
        allow_plain: allow a webhook without encryption to any host.
    """

    webhook: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    broker: MqttAddress | None = None
    allow_plain: bool = False

    def open(
        self, name: str, *, notify: Callable[[str], None], limits: DeliveryLimits | None = None
    ) -> AlertChannels:
        """Begin to send.

        Args:
            name: of the source; MQTT's topics are named after it.
            notify: is told of failures, from threads; without secrets.
            limits: of the webhook; None takes the defaults.

        Raises:
            AlertError: an address or secret cannot be used, or a package is missing.
        """
        channels = AlertChannels()
        if self.webhook is not None:
            channels.webhook = Webhook(
                self.webhook,
                secret=self.webhook_secret,
                allow_plain=self.allow_plain,
                limits=limits,
                notify=notify,
            )
        try:
            if self.broker is not None:
                channels.mqtt = MqttAlerts(self.broker, name, notify=notify)
        except BaseException:
            channels.close(0.0)
            raise
        return channels
