"""Servers that help browser and server find a way to each other for the live video."""

import json
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from maskdet_app.settings import setting

SETTING: Final = "MASKDET_ICE_SERVERS"
"""Environment variable or Streamlit secret: a JSON list of RTCIceServer objects."""
PUBLIC_STUN: Final[list[dict[str, Any]]] = [{"urls": "stun:stun.l.google.com:19302"}]
"""Asked only away from localhost: behind address translation neither side knows the address by
which the other can reach it, and a STUN server tells it. It relays nothing."""


def is_local(url: str | None) -> bool:
    """Whether a page's address is on the server's own machine; an unknown address is."""
    host = urlsplit(url or "").hostname
    if host is None or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_insecure(url: str | None) -> bool:
    """Whether browsers refuse the camera to this address: plain HTTP from another machine."""
    return (url or "").startswith("http://") and not is_local(url)


def ice_servers(url: str | None) -> list[dict[str, Any]]:
    """The servers to use for a page opened at ``url``.

    Returns:
        What `SETTING` says; without it nothing on localhost, where both ends reach each other
        directly, and `PUBLIC_STUN` elsewhere.

    Raises:
        ValueError: the setting is no JSON list of objects with ``urls``.
    """
    said = setting(SETTING)
    if said is None:
        return [] if is_local(url) else PUBLIC_STUN
    servers = json.loads(said) if isinstance(said, str) else [dict(one) for one in said]
    if not isinstance(servers, list) or not all(
        isinstance(server, dict) and server.get("urls") for server in servers
    ):
        raise ValueError("expected a list of objects that each have urls")
    return servers
