import asyncio
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from maskdet_app.server.middleware.body_timeout import BodyPace, BodyTimeout

PACE = BodyPace(gap_s=0.2, bytes_per_s=1000)


def send_body(chunks: Iterator[bytes], pause_s: float, **headers: str) -> tuple[list[Any], float]:
    """What an app that reads the whole body answers, and the seconds that it took."""
    messages: list[Any] = []

    async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    async def receive() -> Any:
        await asyncio.sleep(pause_s)
        chunk = next(chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Any) -> None:
        messages.append(message)

    async def scenario() -> float:
        began_s = asyncio.get_running_loop().time()
        named = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]
        scope = {"type": "http", "method": "PUT", "path": "/", "headers": named}
        await asyncio.wait_for(BodyTimeout(read_all, PACE)(scope, receive, send), 5)
        return asyncio.get_running_loop().time() - began_s

    return messages, asyncio.run(scenario())


def test_dripping_body_is_closed() -> None:
    messages, took_s = send_body(repeat(b"x"), 0.02, content_length="1000")
    assert messages[0]["status"] == 408
    assert (b"connection", b"close") in messages[0]["headers"]
    assert took_s < 2.0


@pytest.mark.parametrize("header", [{"content_length": "9"}, {"transfer_encoding": "chunked"}])
def test_body_that_never_comes_is_closed(header: dict[str, str]) -> None:
    messages, took_s = send_body(repeat(b"x"), 60.0, **header)
    assert messages[0]["status"] == 408
    assert took_s < 2.0


def test_steady_body_may_take_longer_than_the_gap() -> None:
    messages, took_s = send_body(iter([bytes(1000)] * 15), 0.03, content_length="15000")
    assert messages[0]["status"] == 200
    assert took_s > PACE.gap_s


def test_request_without_a_body_may_wait() -> None:
    messages, took_s = send_body(iter(()), 0.5)
    assert messages[0]["status"] == 200
    assert took_s > PACE.gap_s
