"""Log records of connections that visitors ended: one short line instead of a traceback.

A closed tab, a lost network or a phone that sleeps is no fault of the server, but the libraries
between log an exception of 60 lines for it.
"""

import logging
from typing import Final

_LOGGERS: Final = ("uvicorn.error", "asyncio")
_TYPES: Final = frozenset(
    {
        # Starlette and uvicorn
        "ClientDisconnect",
        "ClientDisconnected",
        "WebSocketDisconnect",
        # websockets
        "ConnectionClosed",
        "ConnectionClosedError",
        "ConnectionClosedOK",
        # the operating system
        "BrokenPipeError",
        "ConnectionAbortedError",
        "ConnectionResetError",
        # aioice and aiortc, when a peer vanishes
        "TransactionTimeout",
        "InvalidStateError",
    }
)
_STATE_ERRORS: Final = (
    "Unexpected ASGI message",
    'Cannot call "send" once a close message has been sent',
    "WebSocket is not connected",
    "Response content shorter than Content-Length",
)
"""RuntimeErrors of Starlette and uvicorn for sending to a connection that is gone."""
_SUMMARY: Final = "is_disconnect_summary"


class DisconnectFilter(logging.Filter):
    """Replaces the exception of a connection that a visitor ended by its type, at level INFO."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place where it is one of these; let every record pass."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_disconnect(error):
            record.msg = "a visitor's connection ended (%s)"
            record.args = (_leaf(error).__class__.__name__,)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.INFO, "INFO"
            setattr(record, _SUMMARY, True)
        return True


def install() -> None:
    """Filter the loggers that report such connections. Calling it again does nothing."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, DisconnectFilter) for one in logger.filters):
            logger.addFilter(DisconnectFilter())


def is_summary(record: logging.LogRecord) -> bool:
    """Whether `DisconnectFilter` replaced the record's text."""
    return getattr(record, _SUMMARY, False)


def is_disconnect(error: BaseException) -> bool:
    """Whether an exception, or each member of a group, says that a visitor's connection ended."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_disconnect(one) for one in error.exceptions)
    if isinstance(error, RuntimeError):
        return str(error).startswith(_STATE_ERRORS)
    return type(error).__name__ in _TYPES


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
