"""Answers that take time: sent row by row for as long as the client is there to read them."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Send

from maskdet_app.api.checking import Result
from maskdet_app.api.problems import NO_STORE
from maskdet_core.batch.photos.judging import Row

LINES: Final = "application/x-ndjson"
"""One row a line, each as soon as there is one; by ``Accept``."""
_ARRAY: Final = "application/json"


async def while_there(
    receive: Receive, results: AsyncGenerator[Result, None]
) -> AsyncGenerator[Result, None]:
    """Pass results on, and give up those that are not done when the client goes away.

    Args:
        receive: of a request whose body has been received.
        results: closed in any case.

    Raises:
        ClientDisconnect: the client went away.
    """
    gone = asyncio.ensure_future(_until_gone(receive))
    try:
        while True:
            following = asyncio.ensure_future(_next(results))
            try:
                await asyncio.wait({following, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not following.done():
                    following.cancel()
                    await asyncio.gather(following, return_exceptions=True)
            if following.cancelled():
                raise ClientDisconnect
            result = following.result()
            if result is None:
                return
            yield result
    finally:
        gone.cancel()
        await results.aclose()


async def send_rows(headers: Headers, send: Send, results: AsyncGenerator[Result, None]) -> None:
    """Send rows as lines where the client accepts them, else as a JSON array.

    Either has one row a line, as the command line writes them.
    """
    is_lines = LINES in headers.get("accept", "")
    kind = LINES if is_lines else _ARRAY
    pairs = {"content-type": kind, **NO_STORE}
    raw = [(name.lower().encode(), value.encode()) for name, value in pairs.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    before, between, after = ("", "\n", "\n") if is_lines else ("[\n", ",\n", "\n]\n")
    start = before
    async for result in results:
        await _send_text(send, start + row_text(result.row))
        start = between
    await _send_text(send, (before if start == before else "") + after, is_last=True)


def row_text(row: Row) -> str:
    """A row as JSON on one line."""
    return json.dumps(row, ensure_ascii=False, allow_nan=False)


async def _send_text(send: Send, text: str, *, is_last: bool = False) -> None:
    body = text.encode()
    await send({"type": "http.response.body", "body": body, "more_body": not is_last})


async def _next(results: AsyncGenerator[Result, None]) -> Result | None:
    return await anext(results, None)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
