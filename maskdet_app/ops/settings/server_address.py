"""Where this server listens, and under which address other devices of its network reach it."""

import socket
from ipaddress import ip_address
from typing import Final

from streamlit import config

_ALL_INTERFACES: Final = (None, "", "0.0.0.0", "::")
_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737). Nothing is sent: a route is chosen, no more."""


def port() -> int:
    """The port that this server listens on."""
    return int(config.get_option("server.port"))


def local_url() -> str:
    """The URL of this server for a browser on the same machine."""
    address = config.get_option("server.address")
    return url_of("localhost" if address in _ALL_INTERFACES else str(address))


def network_host() -> str | None:
    """Host name or address by which other devices reach this server.

    Streamlit's option ``browser.serverAddress`` where it is set. Otherwise the address of this
    machine's route to other networks, if the server listens on all interfaces.

    Returns:
        None where only this machine reaches it, or where that is not known.
    """
    if config.is_manually_set("browser.serverAddress"):
        named = str(config.get_option("browser.serverAddress"))
        return None if is_loopback(named) else named
    if config.get_option("server.address") not in _ALL_INTERFACES:
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            found = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if is_loopback(found) else found


def url_of(host: str) -> str:
    """The URL of this server under a host name or address."""
    scheme = "https" if config.get_option("server.sslCertFile") else "http"
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port()}" + (f"/{base}" if base else "")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
