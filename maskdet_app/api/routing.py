"""One resource as an ASGI app: its methods, its problems as responses, its count of outcomes."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from maskdet_app.api.problems import FAILED, METHOD, NOT_FOUND, ProblemError
from maskdet_app.ops.observability import prometheus

_LOG: Final = logging.getLogger(__name__)
Handler = Callable[[Request, Send], Awaitable[None]]
_GONE: Final = "gone"
"""Outcome of a request whose client went away before the answer."""


class CutShortError(Exception):
    """An answer that had begun cannot be finished. Has no text."""


class Resource:
    """Answers requests for one path."""

    def __init__(self, name: str, **handlers: Handler) -> None:
        """Take handlers by method.

        Args:
            name: of the resource, for the metrics.
            **handlers: by method; a handler sends its answer, or raises `ProblemError`. GET's
                answers HEAD too. None at all: the resource does not exist.
        """
        self._name, self._handlers = name, handlers
        if "GET" in handlers:
            handlers["HEAD"] = handlers["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        outcome = ""

        async def noted_send(message: Message) -> None:
            nonlocal outcome
            if message["type"] == "http.response.start":
                outcome = str(message["status"])
            await send(message)

        try:
            try:
                await self._handler(scope)(Request(scope, receive), noted_send)
            except ProblemError as problem:
                if outcome:
                    raise
                await problem.response(str(scope["path"]))(scope, receive, noted_send)
        except ClientDisconnect:
            outcome = _GONE
        except Exception as error:
            # only the type: a message could hold what a client sent
            _LOG.error("a request of the API failed by %s", type(error).__name__)
            if outcome:
                # the server logs what ends an answer that has begun, text and all
                raise CutShortError from None
            failed = ProblemError(FAILED, "the request could not be answered")
            await failed.response(str(scope["path"]))(scope, receive, noted_send)
        finally:
            prometheus.API_REQUESTS.labels(self._name, outcome or _GONE).inc()

    def _handler(self, scope: Scope) -> Handler:
        if not self._handlers:
            raise ProblemError(NOT_FOUND, "there is nothing at this path")
        handler = self._handlers.get(scope["method"])
        if handler is None:
            allowed = ", ".join(self._handlers)
            raise ProblemError(METHOD, f"expected one of {allowed}", headers={"Allow": allowed})
        return handler
