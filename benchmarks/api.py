"""The HTTP API beside the command line, and beside a live viewer.

First, photos a second: whole runs of ``python -m maskdet_core check DIR --json FILE``, start
included, in turn with forms of the same photos to a server that runs, and with 8 clients that
each send one photo after another; medians. The rows of the first two are compared. Then a visitor
without a browser streams at 12 frames a second, alone and beside 8 clients as before, which run in
a process of their own.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.linked_photos import link_photos
from benchmarks.viewers import FPS
from maskdet_app.api.workers import NICENESS
from maskdet_core.command_line.command import EXIT_OK, EXIT_SOME_UNREADABLE
from maskdet_core.command_line.inputs import list_pictures
from testbed.pictures.scenes import scene
from testbed.processes.process_tree import members, status_bytes
from testbed.servers.server import Server, serve
from testbed.visitors.api_clients import check_batch
from testbed.visitors.visitor import Film, Visitor

N_CLIENTS: Final = 8
_BATCH: Final = 100
"""Photos of one form."""
_CLIENTS_S: Final = 6.0
_WARM_UP_S: Final = 6.0


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("api", help="the HTTP API beside the command line and a viewer")
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of photos")
    parser.add_argument("--photos", type=int, default=300, metavar="N", help="how many of them")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0, help="beside the viewer")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 where the folder holds too few photos."""
    found = list(list_pictures([options.folder]))
    if len(found) < options.photos:
        print(f"expected {options.photos} photos or more, found {len(found)}")
        return 2
    chosen = sorted(random.Random(0).sample(found, options.photos))
    with tempfile.TemporaryDirectory() as folder, serve(max_viewers=1) as server:
        photos = link_photos(Path(folder) / "photos", chosen)
        _beside_the_command_line(server, photos, options.rounds)
        asyncio.run(_beside_a_viewer(server, photos, options.seconds))
    return 0


def _beside_the_command_line(server: Server, photos: Path, n_rounds: int) -> None:
    linked = sorted(photos.iterdir())
    check_batch(server.port, linked[:4])
    command_s, api_s, clients_s = [], [], []
    for _ in range(n_rounds):
        began_s = time.perf_counter()
        by_command = _checked_by_command(photos)
        command_s.append(time.perf_counter() - began_s)
        began_s = time.perf_counter()
        by_api = [row for some in _batches(linked) for row in check_batch(server.port, some)]
        api_s.append(time.perf_counter() - began_s)
        took_s = _clients(server, photos, _CLIENTS_S).communicate()[0]
        clients_s.append(len(linked) * _CLIENTS_S / len(json.loads(took_s)))
    n = len(linked)
    differ = sum(
        {**ours, "path": ""} != {**theirs, "path": ""}
        for ours, theirs in zip(by_api, by_command, strict=True)
    )
    rates = [n / statistics.median(seconds) for seconds in (command_s, api_s, clients_s)]
    print(
        f"{n} photos: {rates[0]:.1f} a second by the command line, {rates[1]:.1f} by the API "
        f"in forms of {_BATCH}, {rates[1] / rates[0]:.2f} x, {rates[2]:.1f} by {N_CLIENTS} "
        f"clients, {rates[2] / rates[0]:.2f} x; rows that differ: {differ}; server "
        f"{server.usage().rss_mb:.0f} MB, its processes {_children_mb(server)} MB",
        flush=True,
    )


def _clients(server: Server, photos: Path, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "testbed.visitors.api_clients", str(server.port)]
    command += [str(seconds), str(N_CLIENTS), str(photos)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _children_mb(server: Server) -> str:
    found = (status_bytes(pid, "VmRSS") / 1e6 for pid in members(server.pid)[1:])
    return ", ".join(f"{mb:.0f}" for mb in found) or "0"


def _batches(photos: Sequence[Path]) -> list[Sequence[Path]]:
    return [photos[i : i + _BATCH] for i in range(0, len(photos), _BATCH)]


def _checked_by_command(photos: Path) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        # what else runs takes as much from it as from the API, which has this niceness
        command = ["nice", "-n", str(NICENESS), sys.executable, "-m", "maskdet_core"]
        command += ["check", str(photos), "--json", str(report)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (EXIT_OK, EXIT_SOME_UNREADABLE):
            raise RuntimeError(f"expected exit status 0 or 1, got {done.returncode}")
        rows: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))
        return rows


async def _beside_a_viewer(server: Server, photos: Path, seconds: float) -> None:
    film = Film([*scene(1, 60)], FPS)
    async with Visitor(server.port, film) as visitor:
        await visitor.start()
        await asyncio.sleep(_WARM_UP_S)
        alone = await _frames_a_second(visitor, seconds)
        clients = _clients(server, photos, _WARM_UP_S / 2 + seconds)
        await asyncio.sleep(_WARM_UP_S / 2)
        before = server.usage()
        beside = await _frames_a_second(visitor, seconds)
        cores = (server.usage().cpu_s - before.cpu_s) / seconds
        text, _ = await asyncio.to_thread(clients.communicate)
    took_s = json.loads(text)
    print(
        f"a live viewer at {FPS}: {alone:.1f} frames a second back alone, {beside:.1f} beside "
        f"{N_CLIENTS} clients, which got {len(took_s) / (_WARM_UP_S / 2 + seconds):.1f} photos a "
        f"second, {1000 * statistics.median(took_s):.0f} ms each (median); server {cores:.2f} "
        "cores without its processes"
    )


async def _frames_a_second(visitor: Visitor, seconds: float) -> float:
    visitor.received_at_s.clear()
    began_s = time.monotonic()
    await asyncio.sleep(seconds)
    return len(visitor.received_at_s) / (time.monotonic() - began_s)
