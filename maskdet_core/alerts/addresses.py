"""Which addresses alerts are sent to, and how an address is named without its secrets."""

import ipaddress
import socket
from typing import Final
from urllib.parse import SplitResult, urlsplit

from maskdet_core.errors import AlertError

# environment variables, of the command line and the server alike: arguments are seen by others
WEBHOOK_URL: Final = "MASKDET_WEBHOOK_URL"
WEBHOOK_SECRET: Final = "MASKDET_WEBHOOK_SECRET"
MQTT_USER: Final = "MASKDET_MQTT_USER"
MQTT_PASSWORD: Final = "MASKDET_MQTT_PASSWORD"
ALLOW_PLAIN: Final = "--allow-plain"
"""The option that messages name where an address is refused for being unencrypted and public."""


def shown_address(url: str) -> str:
    """Scheme, host and port of an address: the rest may hold secrets."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{_bracketed(parts.hostname or '')}{port}"


def validate_webhook_url(url: str, *, allow_plain: bool = False) -> str:
    """Return an address unchanged that a webhook may be sent to.

    Args:
        url: ``https://…``; ``http://…`` for a host whose addresses are all private or loopback.
        allow_plain: allow ``http://…`` for any host.

    Raises:
        AlertError: any other address. The message does not repeat its secrets.
    """
    parts = _split(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AlertError(f"expected https://… for the webhook, got {shown_address(url)}")
    if any(ord(letter) <= 32 or ord(letter) > 126 for letter in url):
        raise AlertError("expected a webhook's address in ASCII, without spaces, percent-encoded")
    if parts.username is not None or parts.password is not None:
        raise AlertError("expected a webhook's address without user and password")
    require_host_name(parts.hostname)
    if parts.scheme == "http" and not allow_plain:
        require_private(parts.hostname, "https://…")
    return url


def require_host_name(host: str) -> None:
    """Accept what can be looked up.

    Args:
        host: name or address.

    Raises:
        AlertError: a part of the name is empty or longer than 63 characters.
    """
    try:
        host.encode("idna")
    except UnicodeError:
        raise AlertError(
            "expected a host's name, got one with an empty part, or one of more than 63 characters"
        ) from None


def require_private(host: str, instead: str) -> None:
    """Accept a host that may be spoken to without encryption.

    Args:
        host: name or address.
        instead: what is expected for others, for the message.

    Raises:
        AlertError: one of its addresses is public, or it cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AlertError(
            f"cannot tell whether {host} is a private address, since it cannot be resolved; "
            f"use {instead} or {ALLOW_PLAIN}"
        ) from error
    if not all(_is_private(str(one[4][0])) for one in found):
        raise AlertError(
            f"expected {instead} for {host}, which has a public address; {ALLOW_PLAIN} sends "
            "unencrypted all the same"
        )


def _is_private(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return not ip.is_global and not ip.is_multicast


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise AlertError("expected https://… for the webhook, got no address") from error
    return parts


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
