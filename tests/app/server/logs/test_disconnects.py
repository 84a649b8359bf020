"""Connections that visitors end are logged on one line, in the text format too."""

import logging
import sys

import pytest
from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect

from maskdet_app.server.logs import disconnects


def _filtered(error: BaseException) -> logging.LogRecord:
    try:
        raise error
    except BaseException:
        record = logging.LogRecord(
            "uvicorn.error", logging.ERROR, "", 1, "Exception in ASGI application", None, None
        )
        record.exc_info = sys.exc_info()
    assert disconnects.DisconnectFilter().filter(record)
    return record


@pytest.mark.parametrize(
    "error",
    [
        WebSocketDisconnect(1006),
        ClientDisconnect(),
        ConnectionResetError(104, "reset"),
        RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'"),
        ExceptionGroup("unhandled errors in a TaskGroup", [ClientDisconnect()]),
    ],
)
def test_a_connection_that_a_visitor_ended_takes_one_line(error: BaseException) -> None:
    record = _filtered(error)
    text = logging.Formatter().format(record)
    assert text.startswith("a visitor's connection ended (")
    assert "\n" not in text
    assert record.levelno == logging.INFO


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a fault"),
        RuntimeError("another"),
        ExceptionGroup("", [ClientDisconnect(), ValueError()]),
    ],
)
def test_faults_of_the_server_keep_their_traceback(error: BaseException) -> None:
    record = _filtered(error)
    assert record.exc_info is not None
    assert record.levelno == logging.ERROR


def test_the_filter_is_installed_once() -> None:
    for _ in range(2):
        disconnects.install()
    for name in ("uvicorn.error", "asyncio"):
        filters = logging.getLogger(name).filters
        assert sum(isinstance(one, disconnects.DisconnectFilter) for one in filters) == 1
