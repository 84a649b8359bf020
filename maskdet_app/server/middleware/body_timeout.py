"""A time limit for request bodies, so that slow senders cannot hold connections."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _BodyTooSlowError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class BodyPace:
    """How fast a body must arrive.

    Attributes:
        gap_s: longest time without a byte, also before the first.
        bytes_per_s: least average rate, after ``gap_s`` seconds of grace.
    """

    gap_s: float = 20.0
    bytes_per_s: float = 8_000.0


class BodyTimeout:
    """Answers 408 and closes the connection when a request's body arrives too slowly."""

    def __init__(
        self,
        app: ASGIApp,
        pace: BodyPace | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap an ASGI app.

        Args:
            app: an ASGI app.
            pace: how fast bodies must arrive.
            clock: monotonic time in seconds.
        """
        self._app = app
        self._pace = pace or BodyPace()
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a time limit on its body."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        began_s = self._clock()
        n_bytes = 0
        is_complete = has_started = False

        async def paced_receive() -> Message:
            nonlocal n_bytes, is_complete
            if is_complete:
                # waits for the end of the connection, which has no limit
                return await receive()
            pace = self._pace
            left_s = began_s + pace.gap_s + n_bytes / pace.bytes_per_s - self._clock()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, min(pace.gap_s, left_s)))
            except TimeoutError:
                raise _BodyTooSlowError from None
            n_bytes += len(message.get("body", b""))
            is_complete = not message.get("more_body", False)
            return message

        async def noted_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, paced_receive, noted_send)
        except _BodyTooSlowError:
            if has_started:
                raise
            response = PlainTextResponse("the upload was too slow", 408, {"Connection": "close"})
            await response(scope, receive, send)


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
