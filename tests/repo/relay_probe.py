"""Asks a coturn for everything, inside a network of its own, and tells what it got.

Run as root by ``unshare --net``, with a JSON object on standard input: ``command`` (how the
container starts coturn), ``config`` (its file, null for none), ``visits`` (user names and
passwords), ``expired`` (one whose time is over) and ``with_limits`` (whether to try quotas and
bandwidth). In that network every address leads back to the one listener for peers, so that whatever
the relay lets through arrives. Prints a JSON object:

- ``granted``: requests that were granted, as ``way kind peer``;
- ``refused``: the error codes of all others;
- ``arrived``: peers at which data or a connection arrived, as ``protocol peer``;
- ``listening``: where coturn listens, as ``protocol address:port``;
- ``n_of_one``, ``n_of_all``: allocations of one user name and of all together;
- ``n_flood_bytes``: what arrived at the app within a second when far more was sent;
- ``expired``: the answer to those credentials;
- ``log``: coturn's log.
"""

import itertools
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from tests.repo.turn_client import TCP, UDP, TurnClient

SERVER: Final = ("172.28.5.3", 3478)
SERVER_IPV6: Final = "fd28:5::3"
APP: Final = "172.28.5.2"
GATEWAY: Final = "172.28.5.1"
PEER_PORT: Final = 9000
PEERS: Final = {
    APP: "the app",
    GATEWAY: "Docker's gateway",
    "172.28.5.3": "the relay itself",
    "172.28.5.130": "another container",
    "172.17.0.1": "Docker's default gateway",
    "0.0.0.0": "this host",
    "0.1.2.3": "this network",
    "10.0.0.0": "private, its first",
    "10.255.255.255": "private, its last",
    "100.64.0.1": "carrier's address translation",
    "127.0.0.1": "loopback",
    "127.1.2.3": "loopback",
    "169.254.169.254": "metadata of a cloud",
    "192.0.0.1": "protocol assignments",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relays",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarks",
    "198.19.255.255": "benchmarks, their last",
    "203.0.113.7": "documentation",
    "8.8.8.8": "public",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast (SSDP)",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "this host",
    "::1": "loopback",
    "::ffff:127.0.0.1": "loopback, mapped",
    "::ffff:169.254.169.254": "metadata, mapped",
    "::ffff:172.28.5.1": "the gateway, mapped",
    "::ffff:10.0.0.0": "private, mapped",
    "::127.0.0.1": "loopback, compatible",
    "::172.28.5.1": "the gateway, compatible",
    "::ffff:0:127.0.0.1": "loopback, translated",
    "64:ff9b::172.28.5.1": "the gateway by NAT64",
    "64:ff9b:1::172.28.5.1": "the gateway by local NAT64",
    "2002:ac1c:501::1": "the gateway by 6to4",
    "2002:7f00:1::": "loopback by 6to4",
    "2001:0:ac1c:501::1": "the gateway by Teredo",
    "2001:db8::1": "documentation",
    "2606:4700::1111": "public",
    "100::1": "discard",
    "fc00::": "unique local, their first",
    "fd00::1": "unique local",
    "fd00::100": "unique local, last byte 0",
    SERVER_IPV6: "the relay itself",
    "fe80::1": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "the last",
}
"""By address, what it stands for: each range that leads into a host's networks, in each form."""
_FLOOD_S: Final = 0.8
"""So far below a second that the flood touches two of the relay's whole seconds at most, even if a
busy machine ends it late."""
_SETTLE_S: Final = 0.5
_START_S: Final = 10.0
_UNCHANGED_S: Final = 0.2
"""A thread that opens its socket later would take over visits that another has begun."""
_MOST_ALLOCATIONS: Final = 300
_N_QUOTA_VISITS: Final = 15
_FLOOD: Final = b"flood" * 200


def main() -> None:
    """Do as the module's description says."""
    task = json.load(sys.stdin)
    _lay_network()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        if task["config"] is not None:
            (Path(folder) / "turnserver.conf").write_text(task["config"])
        command = [
            part.replace("/tmp/", f"{folder}/").replace("/etc/coturn/", f"{folder}/")
            for part in task["command"]
        ]
        with log.open("wb") as output:
            coturn = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            found = _probe(coturn, task) if _is_up(coturn) else {}
        finally:
            coturn.kill()
            coturn.wait()
        json.dump(found | {"log": log.read_text(errors="replace")}, sys.stdout)


def _lay_network() -> None:
    for words in (
        "link set lo up",
        # Not on lo, where coturn looks for no addresses of its own.
        "link add relay0 type veth peer name peers0",
        "link set relay0 up",
        "link set peers0 up",
        f"addr add {SERVER[0]}/32 dev relay0",
        f"addr add {SERVER_IPV6}/128 dev relay0 nodad",
        # Every address is this machine's own.
        "route add local 0.0.0.0/0 dev lo",
        "-6 route add local ::/0 dev lo",
    ):
        subprocess.run(["ip", *words.split()], check=True)


def _is_up(coturn: subprocess.Popen[bytes]) -> bool:
    """Whether all sockets are open: the one for TCP, then one for UDP in each of its threads."""
    deadline = time.monotonic() + _START_S
    wanted = {f"{protocol} {SERVER[0]}:{SERVER[1]}" for protocol in ("tcp", "udp")}
    before: list[str] = []
    unchanged_since = time.monotonic()
    while coturn.poll() is None and time.monotonic() < deadline:
        found = _listening()
        if found != before:
            before, unchanged_since = found, time.monotonic()
        elif wanted <= set(found) and time.monotonic() - unchanged_since > _UNCHANGED_S:
            return True
        time.sleep(0.02)
    return False


def _probe(coturn: subprocess.Popen[bytes], task: dict[str, Any]) -> dict[str, Any]:
    visits: Iterator[tuple[str, str]] = iter(task["visits"])
    found: dict[str, Any] = {"listening": sorted(set(_listening()))}
    granted: set[str] = set()
    refused: set[int] = set()
    with _peers() as peers:
        for way, relayed, options in (
            ("UDP", UDP, {}),
            ("UDP to IPv6", UDP, {"family": 6}),
            ("UDP to both", UDP, {"dual": True}),
            ("TCP", TCP, {}),
            ("TCP to IPv6", TCP, {"family": 6}),
        ):
            with closing(TurnClient(SERVER, *next(visits), relayed)) as client:
                answers = {f"{way} allocate": client.allocate(relayed, **options)}
                for peer in PEERS:
                    if relayed == TCP:
                        answers[f"{way} connect {peer}"] = client.connect((peer, PEER_PORT))
                    else:
                        answers |= _try_udp(client, way, peer)
            granted |= {request for request, code in answers.items() if code == 0}
            refused |= {code for code in answers.values() if code}
            for peer in PEERS:
                if f"{way} channel {peer}" in granted:
                    # Once more from an allocation of its own: coturn gives one up after data that
                    # the kernel cannot send.
                    with closing(TurnClient(SERVER, *next(visits), relayed)) as client:
                        client.allocate(relayed, **options)
                        _try_udp(client, way, peer)
        time.sleep(_SETTLE_S)
        found["arrived"] = sorted(peers.arrived)
        if task["with_limits"]:
            found["n_flood_bytes"] = _flood(next(visits), peers)
    found |= {"granted": sorted(granted), "refused": sorted(refused)}
    with closing(TurnClient(SERVER, *task["expired"], UDP)) as client:
        found["expired"] = client.allocate(UDP)
    assert coturn.poll() is None
    return found | (_quotas(visits) if task["with_limits"] else {})


def _try_udp(client: TurnClient, way: str, peer: str) -> dict[str, int]:
    where = (peer, PEER_PORT)
    answers = {f"{way} permission {peer}": client.create_permission([where])}
    if peer != APP:
        both = client.create_permission([(APP, PEER_PORT), where])
        answers[f"{way} permission with the app's {peer}"] = both
    answers[f"{way} channel {peer}"] = client.channel_bind(where)
    client.send_on_channel(f"UDP {peer}".encode())
    client.send(where, f"UDP {peer}".encode())
    return answers


def _flood(visit: tuple[str, str], peers: "_Peers") -> int:
    """Send far more than is allowed, by TCP so that no socket buffer loses it."""
    with closing(TurnClient(SERVER, *visit, TCP)) as client:
        client.allocate(UDP)
        client.create_permission([(APP, PEER_PORT)])
        end = time.monotonic() + _FLOOD_S
        while time.monotonic() < end:
            try:
                client.send((APP, PEER_PORT), _FLOOD)
            except OSError:
                # held back by the relay until the socket's time-out
                break
        return peers.n_flood_bytes


def _quotas(visits: Iterator[tuple[str, str]]) -> dict[str, int]:
    open_clients: list[TurnClient] = []
    counts = []
    try:
        for visit in itertools.islice(visits, _N_QUOTA_VISITS):
            n_before = len(open_clients)
            while len(open_clients) < _MOST_ALLOCATIONS:
                client = TurnClient(SERVER, *visit, UDP)
                if client.allocate(UDP):
                    client.close()
                    break
                open_clients.append(client)
            counts.append(len(open_clients) - n_before)
    finally:
        for client in open_clients:
            client.close()
    return {"n_of_one": counts[0], "n_of_all": sum(counts)}


class _Peers:
    """Answers for every address and notes what arrives."""

    def __init__(self) -> None:
        self.arrived: set[str] = set()
        self.n_flood_bytes = 0

    def note_data(self, listener: socket.socket) -> None:
        while True:
            data = listener.recv(65536)
            if data.startswith(b"flood"):
                self.n_flood_bytes += len(data)
            else:
                self.arrived.add(data.decode(errors="replace"))

    def note_connections(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                self.arrived.add(f"TCP {connection.getsockname()[0]}")


@contextmanager
def _peers() -> Iterator[_Peers]:
    peers = _Peers()
    for family, anywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            listener = socket.socket(family, kind)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((anywhere, PEER_PORT))
            if kind == socket.SOCK_STREAM:
                listener.listen(64)
            note = peers.note_connections if kind == socket.SOCK_STREAM else peers.note_data
            # they end with the process
            threading.Thread(target=note, args=[listener], daemon=True).start()
    yield peers


def _listening() -> list[str]:
    """Every open socket, in order: several may share an address."""
    found = []
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path(f"/proc/self/net/{protocol}").read_text().splitlines()[1:]
        for line in lines:
            _, local, _, state, *_ = line.split()
            if protocol.startswith("tcp") and state != "0A":
                continue
            packed, port = local.split(":")
            words = [packed[at : at + 8] for at in range(0, len(packed), 8)]
            address = ip_address(b"".join(bytes.fromhex(word)[::-1] for word in words))
            found.append(f"{protocol[:3]} {address}:{int(port, 16)}")
    return sorted(found)


if __name__ == "__main__":
    main()
