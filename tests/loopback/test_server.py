"""The real server and visitors without a browser: verdicts, slots, lost connections, shutdown.

Slower than fakes, faster than a browser; what a page looks like is not tested here.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maskdet_app.live.component.front_end import SCRIPTS
from maskdet_app.ui.texts.i18n import t
from maskdet_core.live.admission import LEASE_S
from testbed.pictures.scenes import scene
from testbed.repository import REPO_ROOT
from testbed.servers.server import Server, serve
from testbed.visitors.session import request
from testbed.visitors.visitor import Film, Visitor

MODEL = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
WAIT_S = 60.0
WITHIN_S = 20.0
"""`stop_grace_period` of compose.yaml: what has not ended by then is killed."""

pytestmark = [
    pytest.mark.skipif(not MODEL.is_file(), reason="models/ holds no network"),
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc"),
]


@pytest.fixture(scope="module")
def film() -> Film:
    return Film([*scene(1, 48)], 12)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(max_viewers=2) as running:
        yield running


async def until(condition: Callable[[], object], timeout_s: float = WAIT_S) -> float:
    """Wait for a condition; returns the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < timeout_s
        await asyncio.sleep(0.1)
    return time.monotonic() - began


async def wait_for_slot(server: Server, film: Film, within_s: float) -> None:
    """Wait until a new visitor is offered a stream."""
    deadline = time.monotonic() + within_s
    while True:
        async with Visitor(server.port, film) as newcomer:
            if not newcomer.is_full:
                return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.3)


def test_two_are_served_and_the_third_waits_until_one_has_left(server: Server, film: Film) -> None:
    async def scenario() -> None:
        async with Visitor(server.port, film) as one:
            await one.start()
            async with Visitor(server.port, film) as two:
                await two.start()
                for visitor in (one, two):
                    await until(lambda v=visitor: v.counts.get("without_mask") == 1)
                async with Visitor(server.port, film) as three:
                    assert three.is_full
                    assert t("live.full_title") in three.texts
                # the second's tab is closed here; the server is not told
            await wait_for_slot(server, film, LEASE_S + 5.0)
            assert one.counts["without_mask"] == 1

    asyncio.run(scenario())


def test_lost_connection_releases_its_slot_while_the_page_stays(server: Server, film: Film) -> None:
    async def scenario() -> None:
        async with Visitor(server.port, film) as one, Visitor(server.port, film) as two:
            await one.start()
            await two.start()
            await until(lambda: two.readouts)
            two.freeze()
            await wait_for_slot(server, film, LEASE_S + 5.0)

    asyncio.run(scenario())


def test_server_stopped_during_a_stream_exits_in_time(film: Film) -> None:
    async def scenario() -> None:
        with serve(max_viewers=1) as server:
            async with Visitor(server.port, film) as visitor:
                await visitor.start()
                await until(lambda: visitor.readouts)
                began = time.monotonic()
                server.interrupt()
                while server.is_running:
                    assert time.monotonic() - began < WITHIN_S
                    await asyncio.sleep(0.1)

    asyncio.run(scenario())


def test_stream_leaves_nothing_behind_when_it_ends(server: Server, film: Film) -> None:
    async def visit() -> None:
        async with Visitor(server.port, film) as visitor:
            await visitor.start()
            await until(lambda: visitor.readouts)

    async def scenario() -> None:
        for _ in range(4):
            # fill the thread pools, which never shrink
            await visit()
        await asyncio.sleep(3)
        before = server.usage()
        for _ in range(4):
            await visit()
        await until(lambda: server.usage().n_threads <= before.n_threads + 1, 20.0)
        # Streamlit keeps a session, and an event loop of three files, for two minutes
        assert server.usage().n_files <= before.n_files + 4 * 3 + 2

    asyncio.run(scenario())


def test_the_component_is_served_with_the_pages_words(server: Server) -> None:
    async def scenario() -> None:
        async with Visitor(server.port):
            folder = "/component/maskdet_app.live.component.front_end.webrtc_streamer"
            page = request(server.port, "GET", f"{folder}/index.html")
            assert page.status == 200
            scripts = re.findall(r'<script [^>]*src="\./([^"]+)"', page.body.decode())
            assert scripts[: len(SCRIPTS)] == [script.name for script in SCRIPTS]
            for script in scripts:
                answer = request(server.port, "GET", f"{folder}/{script}")
                assert answer.status == 200
                assert "javascript" in answer.headers["content-type"]

    asyncio.run(scenario())
