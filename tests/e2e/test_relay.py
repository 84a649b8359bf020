"""Live video by way of a TURN server alone, as on a network that lets nothing else through."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.server import serve
from maskdet_app.language import say
from tests.e2e.live_page import frame, start, wait_for_count

SECRET = "of this test alone"
START_S = 20.0
NO_WAY_MS = 40_000
ALLOCATED = "ALLOCATE processed, success"
REFUSED = "Cannot find credentials of user"

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Coturn:
    url: str
    log: Path


@pytest.fixture
def coturn(tmp_path: Path, turnserver_path: str) -> Iterator[Coturn]:
    """A coturn on this machine's loopback."""
    folder = tmp_path / "coturn"
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        turnserver_path,
        "-n",
        "-v",
        "--no-cli",
        "--no-tls",
        "--no-dtls",
        "--log-file=stdout",
    ]
    command += ["--listening-ip=127.0.0.1", f"--listening-port={port}", "--allow-loopback-peers"]
    command += ["--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=test"]
    command += [f"--userdb={folder / 'turndb'}", f"--pidfile={folder / 'pid'}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_S
        while True:
            with socket.socket() as caller:
                if caller.connect_ex(("127.0.0.1", port)) == 0:
                    break
            text = (folder / "log").read_text()
            assert process.poll() is None and time.monotonic() < deadline, text
            time.sleep(0.1)
        yield Coturn(f"turn:127.0.0.1:{port}?transport=udp", folder / "log")
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.mark.parametrize("right", [True, False], ids=["right-secret", "wrong-secret"])
def test_relay_only(
    right: bool,
    coturn: Coturn,
    network: Path,
    open_browser: Any,
    film: Callable[..., Path],
    masked_rgb: Any,
    shoot: Callable[..., Path],
    tmp_path: Path,
) -> None:
    settings = {
        "MASKDET_TURN": "coturn",
        "MASKDET_TURN_URLS": coturn.url,
        "MASKDET_TURN_SECRET": SECRET if right else "another",
        "MASKDET_ICE_POLICY": "relay",
    }
    with (
        serve(log=tmp_path / "server.log", **settings) as server,
        open_browser(video=film(masked_rgb, "masked")) as browser,
    ):
        page = browser.new_page()
        page.goto(server.url)
        if right:
            start(page)
            wait_for_count(page, "with_mask")
            shoot(page, "live-relayed")
        else:
            frame(page).get_by_role("button", name=say("live.start")).click()
            expect(page.get_by_text(say("live.no_way"))).to_be_visible(timeout=NO_WAY_MS)
            shoot(page, "live-no-way")
    relay_log = coturn.log.read_text()
    assert (ALLOCATED in relay_log) == right, relay_log[-3000:]
    assert (REFUSED in relay_log) == (not right), relay_log[-3000:]
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log, log[-3000:]
