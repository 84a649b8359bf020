"""Live video through a TURN server only, as on a network that blocks all else."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aioice.ice import get_host_addresses
from playwright.sync_api import expect

from maskdet_app.ui.texts.i18n import t
from testbed.repository import REPO_ROOT
from testbed.servers.server import free_port, serve
from testbed.visitors.live_page import frame, start, wait_for_count
from tests.e2e.programs import listening

CONFIG = REPO_ROOT / "hosting" / "turnserver.conf"
SECRET = "for this test only"
NO_CONNECTION_MS = 40_000
ALLOCATED = "ALLOCATE processed, success"
REFUSED = "Cannot find credentials of user"

pytestmark = pytest.mark.browser


@dataclass(frozen=True, slots=True)
class Coturn:
    url: str
    log: Path


@pytest.fixture
def coturn(tmp_path: Path, turnserver_path: str) -> Iterator[Coturn]:
    """A coturn on this machine's loopback, with the shipped rules: the app is its only peer."""
    folder = tmp_path / "coturn"
    folder.mkdir()
    port = free_port()
    config = re.sub(r"(?m)^(listening-ip|relay-ip)=.*$", r"\1=127.0.0.1", CONFIG.read_text("utf-8"))
    own = get_host_addresses(use_ipv4=True, use_ipv6=False)
    allowed = "\n".join(f"allowed-peer-ip={address}" for address in own)
    config, n_replaced = re.subn(r"(?m)^allowed-peer-ip=.*$", allowed, config)
    assert n_replaced == 1
    (folder / "turnserver.conf").write_text(config)
    command = [turnserver_path, "-c", str(folder / "turnserver.conf"), "-v", "--log-file=stdout"]
    command += [f"--listening-port={port}", f"--static-auth-secret={SECRET}", "--realm=test"]
    command += [f"--userdb={folder / 'turndb'}", f"--pidfile={folder / 'pid'}"]
    with listening(command, port, log=folder / "log"):
        yield Coturn(f"turn:127.0.0.1:{port}?transport=udp", folder / "log")


@pytest.mark.parametrize("right", [True, False], ids=["right-secret", "wrong-secret"])
def test_relay_only(
    right: bool,
    coturn: Coturn,
    network: Path,
    open_browser: Any,
    masked_film: Path,
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
        open_browser(video=masked_film) as browser,
    ):
        page = browser.new_page()
        page.goto(server.url)
        if right:
            start(page)
            wait_for_count(page, "with_mask")
            shoot(page, "live-relayed")
        else:
            frame(page).get_by_role("button", name=t("live.start")).click()
            expect(page.get_by_text(t("live.no_way"))).to_be_visible(timeout=NO_CONNECTION_MS)
            shoot(page, "live-no-way")
    relay_log = coturn.log.read_text()
    assert (ALLOCATED in relay_log) == right, relay_log[-3000:]
    assert (REFUSED in relay_log) == (not right), relay_log[-3000:]
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log, log[-3000:]
