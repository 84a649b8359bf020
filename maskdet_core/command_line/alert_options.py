"""The options of the command line by which alerts are sent, and the secrets that they need."""

import argparse
import os
from typing import TYPE_CHECKING, Final

from maskdet_core.alerts.addresses import MQTT_PASSWORD, MQTT_USER, WEBHOOK_SECRET, WEBHOOK_URL
from maskdet_core.alerts.delivery import DRAIN_S, DeliveryLimits
from maskdet_core.command_line.command import print_message
from maskdet_core.errors import AlertError

if TYPE_CHECKING:
    from maskdet_core.alerts.channels import AlertChannels

FROM_ENVIRONMENT: Final = "-"
"""In place of an address: it is in `WEBHOOK_URL`."""


def add_webhook_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the webhook, and what it may be."""
    parser.add_argument(
        "--webhook",
        metavar="URL",
        help=f"send alerts by POST to https://…; `-` takes the address from {WEBHOOK_URL}",
    )
    parser.add_argument(
        "--allow-plain",
        action="store_true",
        help="send alerts to public addresses without encryption, too",
    )
    parser.add_argument("--name", metavar="NAME", help="of the camera or video in alerts")


def add_mqtt_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the broker."""
    parser.add_argument(
        "--mqtt",
        metavar="HOST[:PORT]",
        help="send alerts and counts to an MQTT broker; Home Assistant finds them",
    )
    parser.add_argument("--mqtt-tls", action="store_true", help="speak with the broker by TLS")


def open_channels(
    options: argparse.Namespace, name: str, limits: DeliveryLimits | None = None
) -> "AlertChannels":
    """Begin to send where the options say.

    Args:
        options: of `add_webhook_arguments`, and of `add_mqtt_arguments` where there are some.
        name: of the source.
        limits: of the webhook; None takes the defaults.

    Raises:
        AlertError: an address or secret cannot be used, or a package is missing.
    """
    from maskdet_core.alerts.channels import AlertAddresses
    from maskdet_core.alerts.mqtt import MqttAddress, parse_broker

    broker, secret = None, os.environ.get(WEBHOOK_SECRET) or None
    if getattr(options, "mqtt", None) is not None:
        try:
            host, port = parse_broker(options.mqtt)
        except ValueError as error:
            raise AlertError(f"--mqtt: {error}") from error
        broker = MqttAddress(
            host,
            port,
            options.mqtt_tls,
            os.environ.get(MQTT_USER) or None,
            os.environ.get(MQTT_PASSWORD) or None,
            options.allow_plain,
        )
    webhook = None if options.webhook is None else _webhook_url(options.webhook)
    addresses = AlertAddresses(webhook, secret, broker, options.allow_plain)
    channels = addresses.open(name, notify=print_message, limits=limits)
    if webhook is not None and secret is None:
        print_message(f"alerts are not signed, since {WEBHOOK_SECRET} is not set")
    return channels


def close_channels(channels: "AlertChannels", drain_s: float = DRAIN_S) -> None:
    """Send what waits, for a while, and print what has become of the alerts.

    Args:
        channels: of `open_channels`.
        drain_s: time for it.
    """
    for name, counts in channels.close(drain_s).items():
        lost = ""
        if counts.n_failed or counts.n_dropped:
            lost = f", {counts.n_failed} given up, {counts.n_dropped} dropped"
        print_message(f"{name}: {counts.n_sent} alerts sent{lost}")


def _webhook_url(text: str) -> str:
    if text != FROM_ENVIRONMENT:
        return text
    url = os.environ.get(WEBHOOK_URL)
    if not url:
        raise AlertError(f"expected an address in {WEBHOOK_URL} for --webhook -, got none")
    return url
