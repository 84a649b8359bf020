"""The real server's log as JSON while visitors vanish and send nonsense."""

import asyncio
import json
import re
import socket
import struct
from contextlib import suppress
from pathlib import Path

import pytest
import websockets

from testbed.pictures.scenes import scene
from testbed.repository import REPO_ROOT
from testbed.servers.server import serve
from testbed.visitors.visitor import Film, Visitor

MODEL = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
SECRET = "holiday-with-anna"
N_ROUNDS = 3
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that closes a connection by a reset, as a vanished peer does."""

pytestmark = [
    pytest.mark.skipif(not MODEL.is_file(), reason="models/ holds no network"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc"),
]


async def vanish(port: int, film: Film, *, in_stream: bool) -> None:
    """Open the page, with a stream or in the middle of starting one, and lose the connection."""
    visitor = Visitor(port, film)
    await visitor.__aenter__()
    starting = asyncio.create_task(visitor.start())
    if in_stream:
        await asyncio.wait_for(starting, 20)
    else:
        # The server has answered and looks for a way to a peer that is gone.
        await asyncio.wait_for(visitor._has_answer.wait(), 20)
        starting.cancel()
    visitor._socket.transport.abort()
    for task in visitor._tasks:
        task.cancel()
    if visitor._peer is not None:
        await visitor._peer.close()


async def send_nonsense(port: int) -> None:
    address = f"127.0.0.1:{port}"
    with suppress(websockets.ConnectionClosed):
        async with websockets.connect(
            f"ws://{address}/_stcore/stream",
            subprotocols=[websockets.Subprotocol("streamlit")],
            origin=websockets.Origin(f"http://{address}"),
        ) as connection:
            await connection.send(SECRET.encode())
            await connection.send(SECRET)
            await asyncio.sleep(0.3)


def break_off(port: int, request: str) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.sendall(request.encode())


def requests() -> list[str]:
    head = f"Host: {SECRET}\r\nContent-Length: 100000\r\n"
    form = f"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nname={SECRET}"
    return [
        f"PUT /_stcore/upload_file/{SECRET}/b HTTP/1.1\r\n{head}{form}",
        f"GET /media/{SECRET}.jpg HTTP/1.1\r\nHost: a\r\n\r\n",
        f"GET /{SECRET}?why={SECRET} HTTP/1.1\r\nHost: a\r\nRange: bytes={SECRET}\r\n\r\n",
        f"{SECRET} {SECRET}\r\n\r\n",
    ]


def test_each_line_is_an_object_without_values_while_visitors_vanish(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    film = Film([*scene(1, 8)], 12)

    async def load(port: int) -> None:
        for _ in range(N_ROUNDS):
            for request in requests():
                break_off(port, request)
            await asyncio.gather(
                vanish(port, film, in_stream=True),
                vanish(port, film, in_stream=False),
                send_nonsense(port),
            )
        # Until the connections are given up.
        await asyncio.sleep(8)

    with serve(max_viewers=8, log=log, MASKDET_LOG="json", MASKDET_TRUN="x") as server:
        asyncio.run(load(server.port))
        assert server.is_running
    text = log.read_text(encoding="utf-8")
    entries = [json.loads(line) for line in text.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(entry) for entry in entries)
    messages = "\n".join(entry["message"] for entry in entries)
    assert "a stream starts" in messages
    assert "did you mean MASKDET_TURN?" in messages
    assert messages.endswith("stopped")
    assert SECRET not in text
    assert "Traceback" not in text
    without_own = re.sub(r"listening at http://\S+", "", text)
    assert not re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b", without_own)
