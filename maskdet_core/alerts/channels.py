"""All ways that alerts go, as one."""

from dataclasses import dataclass

from maskdet_core.alerts.delivery import DRAIN_S, DeliveryCounts
from maskdet_core.alerts.events import PeopleCounts
from maskdet_core.alerts.message import AlertMessage
from maskdet_core.alerts.mqtt import MqttAlerts
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
