"""The relay as shipped reaches the app, and nothing else in or behind the host's network."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import yaml

from maskdet_app.live.webrtc.turn import SharedSecret
from testbed.repository import REPO_ROOT
from tests.repo.relay_probe import APP, GATEWAY, PEERS, SERVER, SERVER_IPV6

CONFIG = (REPO_ROOT / "hosting" / "turnserver.conf").read_text(encoding="utf-8")
SECRET = "of this test alone"
TIMEOUT_S = 60
N_VISITS = 200
FLOODED_SECONDS = 2
"""The relay counts whole seconds, of which the flood touches at most so many."""
GRANTED = {
    f"{way} {request}"
    for way in ("UDP", "UDP to both")
    for request in ("allocate", f"permission {APP}", f"channel {APP}")
}
# No allocation (400), forbidden (403), an address family or a transport that is not given (440,
# 442), a peer of another family than the relayed address (443).
REFUSALS = {400, 403, 440, 442, 443}
IPV6_TOO = f"\nlistening-ip={SERVER_IPV6}\nrelay-ip={SERVER_IPV6}\n"
DENIED_IPV6 = "denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"


def value(option: str) -> int:
    (found,) = re.findall(rf"^{option}=(\d+)$", CONFIG, re.MULTILINE)
    return int(found)


def without(*options: str) -> str:
    """The configuration without the lines that begin so."""
    kept = [line for line in CONFIG.splitlines() if not line.startswith(options)]
    assert len(CONFIG.splitlines()) - len(kept) >= len(options)
    return "\n".join(kept)


def replaced(old: str, new: str) -> str:
    assert CONFIG.count(f"\n{old}\n") == 1
    return CONFIG.replace(f"\n{old}\n", f"\n{new}\n")


def credentials(clock: Callable[[], float]) -> dict[str, str]:
    """What the app gives to one visit."""
    (server,) = SharedSecret(["turn:maskdet.example"], SECRET, clock=clock).servers().servers
    return server


def container_command() -> list[str]:
    """How compose.yaml starts coturn."""
    (compose,) = yaml.safe_load_all((REPO_ROOT / "compose.yaml").read_text(encoding="utf-8"))
    relay = compose["services"]["relay"]
    settings = {"MASKDET_TURN_SECRET": SECRET, "MASKDET_DOMAIN": "maskdet.example"}
    return [
        re.sub(r"\$\{(\w+):\?\}", lambda found: settings[found[1]], part).replace("$$", "$")
        for part in relay["entrypoint"] + relay["command"]
    ]


@pytest.fixture(scope="module")
def probe(as_root: list[str], ip_path: str, turnserver_path: str) -> Any:
    """What a visitor gets of a relay with some configuration."""

    def run(
        config: str | None, *, with_limits: bool = False, command: Sequence[str] | None = None
    ) -> dict[str, Any]:
        servers = [credentials(time.time) for _ in range(N_VISITS)]
        expired = credentials(lambda: 0.0)
        task = {
            "command": command or container_command(),
            "with_limits": with_limits,
            "config": config,
            "visits": [(one["username"], one["credential"]) for one in servers],
            "expired": (expired["username"], expired["credential"]),
        }
        # Whatever the program leaves behind ends with its namespaces.
        result = subprocess.run(
            [
                *(*as_root, "unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"),
                *(sys.executable, "-B", "-m", "tests.repo.relay_probe"),
            ],
            cwd=REPO_ROOT,
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return run


@pytest.fixture(scope="module")
def shipped(probe: Any) -> dict[str, Any]:
    found: dict[str, Any] = probe(CONFIG, with_limits=True)
    assert "listening" in found, found["log"]
    return found


def test_a_visitor_reaches_the_app_and_nothing_else(shipped: dict[str, Any]) -> None:
    assert set(shipped["granted"]) == GRANTED
    assert shipped["arrived"] == [f"UDP {APP}"]
    assert set(shipped["refused"]) <= REFUSALS


def test_nothing_else_is_reached_by_a_relay_with_ipv6(probe: Any) -> None:
    found = probe(CONFIG + IPV6_TOO)
    assert set(found["granted"]) == GRANTED | {"UDP to IPv6 allocate"}
    assert found["arrived"] == [f"UDP {APP}"]
    assert set(found["refused"]) <= REFUSALS


def test_coturn_understands_the_file_and_opens_no_other_port(shipped: dict[str, Any]) -> None:
    address, port = SERVER
    assert shipped["listening"] == [f"tcp {address}:{port}", f"udp {address}:{port}"]
    faults = ("Bad configuration", "Cannot find config", "CONFIG ERROR", "Unknown argument")
    assert [fault for fault in faults if fault in shipped["log"]] == []


def test_credentials_end(shipped: dict[str, Any]) -> None:
    assert shipped["expired"] == 401


def test_quotas_and_bandwidth_are_limited(shipped: dict[str, Any]) -> None:
    assert shipped["n_of_one"] == value("user-quota")
    # Allocations of the other trials may not have ended yet.
    assert value("total-quota") - 10 < shipped["n_of_all"] <= value("total-quota")
    assert 0 < shipped["n_flood_bytes"] <= value("max-bps") * FLOODED_SECONDS
    assert value("bps-capacity") == value("max-bps") * value("total-quota")


def test_coturn_does_not_start_without_its_file(probe: Any) -> None:
    command = container_command()
    assert "listening" not in probe(None, command=command)
    # By itself it goes on, and denies nothing.
    by_itself = ["turnserver", *command[command.index("-c", 3) + 2 :]]
    assert f"TCP {GATEWAY}" in probe(None, command=by_itself)["arrived"]


def test_without_guards_the_peers_would_be_reached(probe: Any) -> None:
    config = without("denied-peer-ip", "allowed-peer-ip", "no-tcp-relay", "no-multicast-peers")
    config = re.sub(r"(?m)^(total-quota|bps-capacity)=.*$", "", config)
    found = probe(config + IPV6_TOO)
    arrived = {one.split()[1] for one in found["arrived"]}
    # Refused by coturn itself, or never sent by the kernel.
    by_themselves = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.1.2.3", "::", "::1"}
    by_themselves |= {"239.255.255.250", "255.255.255.255"}
    by_themselves |= {peer for peer in PEERS if peer.startswith(("::ffff:", "fe80", "ff"))}
    assert set(PEERS) - by_themselves <= arrived
    granted = {one.split()[-1] for one in found["granted"]}
    assert {"::ffff:127.0.0.1", "::ffff:169.254.169.254"} <= granted


@pytest.mark.parametrize(
    ("config", "reached"),
    [
        (without("no-tcp-relay"), f"TCP {APP}"),
        (without("denied-peer-ip"), "UDP 192.0.0.1"),
        (without(DENIED_IPV6) + IPV6_TOO, "UDP fd00::1"),
        # coturn 4.6 compares byte by byte
        (replaced(DENIED_IPV6, DENIED_IPV6.replace("::-", "::1-")) + IPV6_TOO, "UDP fc00::"),
        (replaced(f"allowed-peer-ip={APP}", f"allowed-peer-ip={GATEWAY}"), f"UDP {GATEWAY}"),
        (
            replaced(f"allowed-peer-ip={APP}", "allowed-peer-ip=172.28.5.0-172.28.5.255"),
            "UDP 172.28.5.130",
        ),
    ],
    ids=["no-tcp-relay", "denied", "denied IPv6", "from ::1", "another app", "the whole network"],
)
def test_the_probe_sees_a_missing_guard(probe: Any, config: str, reached: str) -> None:
    found = probe(config)
    assert reached in found["arrived"]
    assert set(found["granted"]) - {"UDP to IPv6 allocate"} != GRANTED


def test_the_probe_sees_missing_limits(probe: Any) -> None:
    found = probe(
        without("user-quota", "total-quota", "max-bps", "bps-capacity", "listening-ip"),
        with_limits=True,
    )
    assert found["n_of_one"] > value("total-quota")
    assert found["n_flood_bytes"] > value("max-bps") * FLOODED_SECONDS
    assert f"tcp {SERVER_IPV6}:{SERVER[1]}" in found["listening"]
