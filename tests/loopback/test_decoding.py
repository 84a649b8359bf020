"""The real server: a photo is decoded only as long as its visitor waits for it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from testbed.pictures import failing_decoders, hostile
from testbed.processes.process_tree import members
from testbed.repository import REPO_ROOT
from testbed.servers import slow_decoder_server
from testbed.servers.server import Server, serve
from testbed.visitors.photo_visitor import PhotoVisitor

MODEL = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
WAIT_S = 60.0
SMALL = hostile.flat("RGB", 60, "JPEG")

pytestmark = [
    pytest.mark.skipif(not MODEL.is_file(), reason="models/ holds no network"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(script=slow_decoder_server.SCRIPT, MASKDET_TRUSTED_PROXIES="1") as running:
        yield running


def decoder_pid(server: Server) -> int | None:
    """The server's child process that decodes."""
    for pid in members(server.pid)[1:]:
        with suppress(OSError):
            if b"decoder_process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return None


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def begin(server: Server, visitor: PhotoVisitor) -> tuple[int, "asyncio.Task[str]"]:
    """Upload a photo that takes minutes; the process that decodes it, and the page's result."""
    await until(lambda: decoder_pid(server) is None)
    result = asyncio.create_task(visitor.check("a.jpg", failing_decoders.SLEEP + SMALL, WAIT_S))
    await until(lambda: decoder_pid(server) is not None)
    pid = decoder_pid(server)
    assert pid is not None
    return pid, result


async def give_up(result: "asyncio.Task[str]") -> None:
    result.cancel()
    await asyncio.gather(result, return_exceptions=True)


@pytest.mark.parametrize("is_polite", [True, False])
def test_closing_the_tab_ends_the_decoding(server: Server, is_polite: bool) -> None:
    async def scenario() -> None:
        async with PhotoVisitor(server.port, address=f"198.51.100.{is_polite + 1}") as visitor:
            pid, result = await begin(server, visitor)
            await give_up(result)
            if not is_polite:
                await visitor.vanish()
        await until(lambda: pid not in members(server.pid))
        async with PhotoVisitor(server.port, address=f"198.51.100.{is_polite + 11}") as next_one:
            assert await next_one.check("b.jpg", SMALL, WAIT_S) == "decoded"

    asyncio.run(scenario())


def test_another_run_of_the_page_ends_the_decoding(server: Server) -> None:
    """As a click on any button of the page asks for one."""

    async def scenario() -> None:
        async with PhotoVisitor(server.port, address="198.51.100.20") as visitor:
            pid, result = await begin(server, visitor)
            await visitor.rerun()
            await until(lambda: pid not in members(server.pid))
            await give_up(result)

    asyncio.run(scenario())


def test_visitor_who_waits_for_a_turn_gets_it_when_the_other_leaves(server: Server) -> None:
    async def scenario() -> None:
        async with PhotoVisitor(server.port, address="198.51.100.30") as second:
            async with PhotoVisitor(server.port, address="198.51.100.31") as first:
                _, result = await begin(server, first)
                waiting = asyncio.create_task(second.check("b.jpg", SMALL, WAIT_S))
                await asyncio.sleep(0.5)
                assert not waiting.done()
                await give_up(result)
            assert await waiting == "decoded"

    asyncio.run(scenario())
