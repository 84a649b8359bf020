"""Closes connections that send no complete request.

Uvicorn has a time limit between two requests but none for a request's headers: a client that sends
half of them holds a connection for good.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEADERS_S: Final = 10.0
"""Longest time in which a connection may be without a complete request."""
MAX_WAITING: Final = 256
"""Connections without a complete request beyond this are closed, the oldest first."""
_SWEEP_S: Final = 1.0


class HttpProtocol(Protocol):
    """The used part of Uvicorn's HTTP protocols: one instance for each connection."""

    transport: Any
    cycle: Any


@dataclass(slots=True)
class _Watched:
    since_s: float
    cycle: object | None = None


class ConnectionGuard:
    """Watches the server's HTTP connections. For the event loop's thread."""

    def __init__(
        self,
        headers_s: float = HEADERS_S,
        max_waiting: int = MAX_WAITING,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch nothing yet.

        Args:
            headers_s: longest time without a complete request.
            max_waiting: most connections that wait for one.
            clock: monotonic time in seconds.
        """
        self._headers_s, self._max_waiting, self._clock = headers_s, max_waiting, clock
        self._watched: dict[HttpProtocol, _Watched] = {}

    def watch(self, protocol: HttpProtocol) -> None:
        """Watch a new connection."""
        self._watched[protocol] = _Watched(self._clock())

    def sweep(self) -> int:
        """Close connections that have waited too long, or are too many.

        Returns:
            Number of closed connections.
        """
        now_s = self._clock()
        waiting: list[tuple[float, HttpProtocol]] = []
        for protocol, watched in list(self._watched.items()):
            if _is_over(protocol):
                del self._watched[protocol]
            elif _is_serving(protocol) or watched.cycle is not protocol.cycle:
                watched.since_s, watched.cycle = now_s, protocol.cycle
            else:
                waiting.append((watched.since_s, protocol))
        waiting.sort(key=lambda pair: pair[0])
        n_closed = 0
        for index, (since_s, protocol) in enumerate(waiting):
            is_too_many = len(waiting) - index > self._max_waiting
            if is_too_many or now_s - since_s >= self._headers_s:
                protocol.transport.close()
                del self._watched[protocol]
                n_closed += 1
        return n_closed

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self.sweep()


def install(guard: ConnectionGuard, protocol_class: Any = AutoHTTPProtocol) -> None:
    """Let a guard watch all further connections of this process's Uvicorn servers.

    Raises:
        RuntimeError: this Uvicorn's protocol has no such method.
    """
    if not callable(getattr(protocol_class, "connection_made", None)):
        raise RuntimeError("Uvicorn's HTTP protocol has no connection_made to watch connections by")
    # A second installation replaces the first.
    original = getattr(protocol_class.connection_made, "original", protocol_class.connection_made)

    def connection_made(self: Any, transport: Any) -> None:
        original(self, transport)
        guard.watch(self)

    connection_made.original = original  # type: ignore[attr-defined]
    protocol_class.connection_made = connection_made


def _is_over(protocol: HttpProtocol) -> bool:
    transport = protocol.transport
    # A websocket gets another protocol.
    return transport.is_closing() or transport.get_protocol() is not protocol


def _is_serving(protocol: HttpProtocol) -> bool:
    cycle = protocol.cycle
    if cycle is not None and not cycle.response_complete:
        return True
    # A finished response may still be on its way to a slow reader.
    return bool(protocol.transport.get_write_buffer_size())
