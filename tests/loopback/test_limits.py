"""The real server against floods, slow senders and visitors who vanish."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maskdet_app.server.middleware.body_timeout import BodyPace
from maskdet_app.server.middleware.connection_guard import HEADERS_S
from maskdet_app.server.session_reaper import Delays
from maskdet_app.ui.texts.i18n import t
from testbed.pictures.scenes import scene
from testbed.servers.server import Server, serve
from testbed.visitors.session import Session, form, request
from testbed.visitors.visitor import Film, Visitor

MB = 1_000_000
BASE_PATH = "/mask"
QUOTAS = {
    "MASKDET_UPLOAD_MB_VISIT": "60",
    "MASKDET_UPLOAD_MB_ADDRESS": "90",
    "MASKDET_UPLOAD_MB_SERVER": "120",
    "MASKDET_TRUSTED_PROXIES": "1",
}
N_VANISHING = 40

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server below a base path, behind one proxy."""
    log = tmp_path_factory.mktemp("server") / "server.log"
    with serve(max_viewers=2, base_path=BASE_PATH, log=log, **QUOTAS) as running:
        yield running


def open_photos(server: Server, address: str) -> Session:
    """The photo page of a visitor at this address."""
    return Session(server.port, page="photo", base_path=BASE_PATH, X_Forwarded_For=address)


async def until(condition: Callable[[], object], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.25)


def test_flood_of_one_visitor_is_refused_and_memory_stays_bounded(server: Server) -> None:
    async def scenario() -> None:
        async with open_photos(server, "198.51.100.1") as visitor:
            before_mb = server.usage().rss_mb
            answers = [await visitor.upload(bytes(19 * MB), f"f{n}") for n in range(90)]
            assert [answer.status for answer in answers] == [204] * 3 + [413] * 87
            words = t("photo.quota_visit", mb=60)
            assert answers[-1].body.decode() == words
            assert server.usage().rss_mb - before_mb < 60 + 3 * 20
            await until(lambda: any(words in text for text in visitor.texts), 20.0)
            # a removed file makes room
            for n in range(3):
                assert (await visitor.delete(f"f{n}")).status == 204
            assert (await visitor.upload(bytes(19 * MB), "f0")).status == 204
            assert (await visitor.delete("f0")).status == 204

    asyncio.run(scenario())


def test_quotas_of_an_address_and_the_server(server: Server) -> None:
    async def scenario() -> None:
        # the same /64, and another network
        async with (
            open_photos(server, "2001:db8:0:1::1") as one,
            open_photos(server, "192.0.2.9, 2001:db8:0:1::2") as two,
            open_photos(server, "2001:db8:0:2::1") as other,
        ):
            uploads = [(visitor, n) for visitor in (one, two, other) for n in range(3)]
            uploads.remove((one, 2))
            answers = [await visitor.upload(bytes(19 * MB), str(n)) for visitor, n in uploads]
            assert [answer.status for answer in answers] == [204] * 4 + [413] + [204] * 2 + [503]
            assert answers[4].body.decode() == t("photo.quota_address", mb=90)
            assert answers[7].body.decode() == t("photo.quota_server")
            for visitor, n in uploads:
                await visitor.delete(str(n))

    asyncio.run(scenario())


def test_guards_hold_below_a_base_path(server: Server) -> None:
    def status(path: str, forwarded_for: str) -> int:
        return request(server.port, "GET", path, headers={"X-Forwarded-For": forwarded_for}).status

    for path in ("/_stcore/metrics", "/_stcore/agent/sessions"):
        assert status(BASE_PATH + path, "198.51.100.3") == 404
        # forged by the visitor in front of the proxy's own entry
        assert status(BASE_PATH + path, "127.0.0.1, 198.51.100.3") == 404
    assert status(BASE_PATH + "/_stcore/health", "198.51.100.3") == 200
    assert status(BASE_PATH + "/preview.png", "198.51.100.3") == 200


def open_socket(server: Server, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(sent)
    connection.setblocking(False)
    return connection


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(65536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_half_open_and_dripping_requests_are_closed(server: Server) -> None:
    async def scenario() -> None:
        before = server.usage()
        async with open_photos(server, "198.51.100.4") as visitor:
            head = f"PUT {BASE_PATH}/_stcore/upload_file/{visitor.session_id}/f HTTP/1.1\r\n"
            head += "Host: a\r\nX-Forwarded-For: 198.51.100.4\r\nContent-Length: 1000000\r\n"
            for name, value in visitor.upload_headers().items():
                head += f"{name}: {value}\r\n"
            half_open = [open_socket(server, b"GET / HTTP/1.1\r\nHost: a\r\n") for _ in range(100)]
            opened_s = time.monotonic()
            drip = open_socket(server, f"{head}\r\n".encode() + form(b"")[:50])
            open_ones = {*half_open, drip}
            bound_s = max(HEADERS_S, BodyPace().gap_s) + 10.0
            while open_ones:
                assert time.monotonic() - opened_s < bound_s
                open_ones = {one for one in open_ones if not is_closed(one)}
                if drip in open_ones:
                    try:
                        drip.send(b"x")
                    except OSError:
                        open_ones.discard(drip)
                await asyncio.sleep(0.5)
            for connection in (*half_open, drip):
                connection.close()
        assert server.usage().n_files <= before.n_files + 10

    asyncio.run(scenario())


def test_photo_of_6_mb_is_in_no_file_while_it_arrives(server: Server) -> None:
    def temporary_files() -> list[str]:
        return [name for name in server.open_files() if "(deleted)" in name and "/dev/" not in name]

    async def scenario() -> None:
        async with open_photos(server, "198.51.100.8") as visitor:
            body = form(bytes(6 * MB))
            head = f"PUT {BASE_PATH}/_stcore/upload_file/{visitor.session_id}/f HTTP/1.1\r\n"
            head += f"Host: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
            for name, value in visitor.upload_headers().items():
                head += f"{name}: {value}\r\n"
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"{head}\r\n".encode() + body[: 5 * MB])
            await writer.drain()
            await asyncio.sleep(1.0)
            assert temporary_files() == []
            writer.write(body[5 * MB :])
            assert (await reader.readline()).split()[1] == b"204"
            assert temporary_files() == []
            writer.close()

    asyncio.run(scenario())


def test_large_websocket_message_is_refused(server: Server) -> None:
    async def scenario() -> None:
        async with open_photos(server, "198.51.100.5") as visitor:
            await visitor.send_raw(bytes(30 * MB))
            await until(lambda: visitor.is_closed, 20.0)

    asyncio.run(scenario())


def test_pictures_of_a_closed_visit_are_gone_in_time(server: Server) -> None:
    async def scenario() -> None:
        pictures: list[str] = []
        for address, is_lost in (("198.51.100.6", False), ("198.51.100.7", True)):
            async with open_photos(server, address) as visitor:
                await visitor.click(t("photo.samples"))
                await until(lambda: len(visitor.pictures) >= 3, 60.0)
                pictures += visitor.pictures[:3]
                answer = await visitor.get(pictures[-1])
                assert answer.status == 200
                assert answer.headers["cache-control"] == "no-store"
                if is_lost:
                    visitor.vanish()

        def are_gone() -> bool:
            return all(
                request(server.port, "GET", BASE_PATH + path).status == 404 for path in pictures
            )

        assert not are_gone()
        await until(are_gone, 30.0)

    asyncio.run(scenario())


def test_visitors_who_vanish_while_they_connect_leave_nothing_behind() -> None:
    film = Film([*scene(1, 4)], 12)

    async def scenario(server: Server) -> None:
        async def vanish(number: int) -> None:
            address = f"198.51.100.{number}"
            async with Visitor(server.port, film, address=address) as visitor:
                assert not visitor.is_full
                await visitor.vanish_during_ice()

        def has_settled(before: Any) -> bool:
            now = server.usage()
            return now.n_threads <= before.n_threads + 2 and now.n_files <= before.n_files + 6

        await vanish(200)
        await asyncio.sleep(2)
        before = server.usage()
        for first in range(0, N_VANISHING, 4):
            await asyncio.gather(*(vanish(first + i) for i in range(4)))
        await until(lambda: has_settled(before), Delays().lost_s + 15.0)

    with serve(max_viewers=N_VANISHING + 10, MASKDET_TRUSTED_PROXIES="1") as server:
        asyncio.run(scenario(server))
