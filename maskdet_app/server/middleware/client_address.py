"""The visitor's address, also behind proxies."""

import os
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

TRUSTED_PROXIES: Final = "MASKDET_TRUSTED_PROXIES"
"""Number of proxies in front of the server that append to ``X-Forwarded-For``."""
FORWARDED_ALLOW_IPS: Final = "FORWARDED_ALLOW_IPS"
"""Uvicorn's setting: the proxies whose headers are trusted."""
MAX_PROXIES: Final = 16


class ClientAddress:
    """Takes the visitor's address from the entry that the outermost trusted proxy has appended.

    A visitor can send any ``X-Forwarded-For``, and proxies append to it. So entries are counted
    from the right: the last is the nearest proxy's, and with n proxies the visitor is the n-th.
    """

    def __init__(self, app: ASGIApp, n_proxies: int) -> None:
        """Wrap an ASGI app.

        Args:
            app: an ASGI app.
            n_proxies: number of trusted proxies; 0 leaves the address as the server gives it.
        """
        self._app = app
        self._n_proxies = n_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the request's client address and pass it on."""
        if self._n_proxies and scope["type"] in ("http", "websocket"):
            host = self._host(scope)
            if host is not None:
                scope = {**scope, "client": (host, 0)}
        await self._app(scope, receive, send)

    def _host(self, scope: Scope) -> str | None:
        entries = _forwarded_for(scope)
        if not entries:
            return None
        # Fewer entries than proxies: the request did not come through all of them.
        return _without_port(entries[-min(self._n_proxies, len(entries))])


def n_trusted_proxies() -> int:
    """Number of trusted proxies by the environment.

    Uvicorn takes the leftmost entry, which a visitor can forge, if it trusts every address. Then
    at least the nearest proxy's own entry is used.

    Raises:
        ValueError: the setting is not a whole number from 0 to `MAX_PROXIES`.
    """
    value = os.environ.get(TRUSTED_PROXIES)
    if not value:
        return 1 if os.environ.get(FORWARDED_ALLOW_IPS, "").strip() == "*" else 0
    number = int(value) if value.isascii() and value.isdecimal() else -1
    if not 0 <= number <= MAX_PROXIES:
        raise ValueError(
            f"{TRUSTED_PROXIES}: expected a whole number from 0 to {MAX_PROXIES}, got {value!r}"
        )
    return number


def client_address(scope: Scope) -> str:
    """The client's address, or an empty text if it is unknown.

    Behind a trusted proxy it is the visitor's, not the proxy's; see `ClientAddress`.
    """
    client = scope.get("client")
    # A dual-stack socket gives IPv4 addresses in IPv6 form.
    return str(client[0]).removeprefix("::ffff:") if client else ""


def is_loopback(host: str) -> bool:
    """Whether this is an address of this machine's loopback interface."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _forwarded_for(scope: Scope) -> list[str]:
    values = Headers(scope=scope).getlist("x-forwarded-for")
    return [entry.strip() for entry in ",".join(values).split(",") if entry.strip()]


def _without_port(entry: str) -> str:
    """The address of ``1.2.3.4:5``, ``[2001:db8::1]:5`` or an entry without a port."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    host, _, port = entry.rpartition(":")
    return host if entry.count(":") == 1 and port.isdecimal() else entry
