"""What costly files cost the server while a live viewer streams: memory, processor time, frames.

Files of ``../shared/cases/hostile`` where they are present, and files made here, each uploaded by a
visitor of the photo page to the real server; then four visitors upload at once those that took most
memory. Memory and processor time are those of the server and its child processes; the viewer's
share is subtracted. Status 1 where a limit is exceeded. ``--decoder`` measures the decoder alone,
each file in a process of its own.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image

from benchmarks.peak_memory import PeakMemory
from testbed.pictures import hostile
from testbed.pictures.scenes import scene
from testbed.processes import decoding_cost
from testbed.processes.process_tree import usage
from testbed.servers.server import Server, serve
from testbed.visitors.photo_visitor import PhotoVisitor
from testbed.visitors.visitor import Film, Visitor

FPS: Final = 15
MIN_FPS: Final = 12.0
AT_ONCE: Final = 4
MAX_SERVER_MB: Final = 700.0
"""Most memory of the whole server with `AT_ONCE` hostile visitors."""
_RESULT_S: Final = 60.0
_REST_S: Final = 4.0
_LEFT_S: Final = 45.0
"""After this time the server has let go of visitors who left."""
_LEAST_S: Final = 2.0
"""Least time over which frames are counted."""


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("hostile", help="memory and time that costly files take")
    parser.add_argument("--files", type=Path, nargs="*", metavar="FILE", help="only these")
    parser.add_argument("--decoder", action="store_true", help="the decoder alone, no server")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 1 where a file exceeds a limit."""
    with tempfile.TemporaryDirectory(prefix="maskdet-") as folder:
        paths: list[Path] = options.files or _written(Path(folder))
        if options.decoder:
            return _decoder_alone(paths)
        with serve(MASKDET_TRUSTED_PROXIES="1") as server:
            return 0 if asyncio.run(_beside_viewer(server, paths)) else 1


def is_bounded(cost: decoding_cost.Cost, fps: float) -> bool:
    """Whether one file stayed within the limits of memory, time and the viewer's frame rate."""
    return cost.is_bounded and fps >= MIN_FPS


def _decoder_alone(paths: Sequence[Path]) -> int:
    costs = list(decoding_cost.measure(paths))
    for cost in costs:
        verdict = "" if cost.is_bounded else "TOO MUCH "
        print(
            f"{cost.name:24s} {cost.n_bytes:10,d} bytes {cost.peak_mb:5.0f} MB "
            f"{cost.cpu_s:5.2f} s  {verdict}{cost.outcome}"
        )
    print(
        f"{len(costs)} files: at most {max(cost.peak_mb for cost in costs):.0f} MB above rest "
        f"(limit {decoding_cost.MAX_PEAK_MB:.0f}), {max(cost.cpu_s for cost in costs):.2f} s "
        f"(limit {decoding_cost.MAX_CPU_S:.0f})"
    )
    return 0 if all(cost.is_bounded for cost in costs) else 1


async def _beside_viewer(server: Server, paths: Sequence[Path]) -> bool:
    n_bounded, peaks_mb = 0, dict[Path, float]()
    async with Visitor(server.port, Film([*scene(1, 60)], FPS), address="10.0.0.1") as viewer:
        await viewer.start()
        # the first photo fills caches that stay
        warm = hostile.encoded(Image.new("RGB", (640, 480)), "JPEG")
        await _upload(server, 0, "warm.jpg", warm)
        await asyncio.sleep(_REST_S)
        before_s, began_s = usage(server.pid).cpu_s, time.monotonic()
        await asyncio.sleep(_REST_S)
        viewer_cores = (usage(server.pid).cpu_s - before_s) / (time.monotonic() - began_s)
        print(f"viewer alone: {viewer_cores:.2f} cores", flush=True)
        for number, path in enumerate(paths, 1):
            bounded, peaks_mb[path] = await _one(server, viewer, number, path, viewer_cores)
            n_bounded += bounded
        # four visitors are measured, not the memory of those who just left
        await asyncio.sleep(_LEFT_S)
        chosen = sorted(peaks_mb, key=lambda path: -peaks_mb[path])[:AT_ONCE]
        chosen = (chosen * AT_ONCE)[:AT_ONCE]
        together = await _together(server, viewer, chosen, len(paths) + 1)
    print(f"{n_bounded} of {len(paths)} files within the limits")
    return together and n_bounded == len(paths)


async def _one(
    server: Server, viewer: Visitor, number: int, path: Path, viewer_cores: float
) -> tuple[bool, float]:
    data = path.read_bytes()
    before_s, began_s = usage(server.pid).cpu_s, time.monotonic()
    with PeakMemory(lambda: usage(server.pid).rss_mb) as peak:
        outcome = await _upload(server, number, path.name, data)
        took_s = time.monotonic() - began_s
        cpu_s = max(0.0, usage(server.pid).cpu_s - before_s - viewer_cores * took_s)
        await asyncio.sleep(max(0.0, _LEAST_S - took_s))
    fps = _fps(viewer, began_s)
    cost = decoding_cost.Cost(path.name, len(data), outcome, peak.rss_mb - peak.rest_mb, cpu_s)
    bounded = is_bounded(cost, fps)
    print(
        f"{cost.name:24s} {cost.n_bytes:10,d} bytes {peak.rest_mb:5.0f} + {cost.peak_mb:3.0f} MB "
        f"{cost.cpu_s:5.2f} s {fps:5.1f} frames a second  {'' if bounded else 'TOO MUCH '}"
        f"{cost.outcome}",
        flush=True,
    )
    return bounded, cost.peak_mb


async def _together(server: Server, viewer: Visitor, paths: Sequence[Path], first: int) -> bool:
    began_s = time.monotonic()
    with PeakMemory(lambda: usage(server.pid).rss_mb) as peak:
        outcomes = await asyncio.gather(
            *(
                _upload(server, first + i, path.name, path.read_bytes())
                for i, path in enumerate(paths)
            )
        )
        await asyncio.sleep(max(0.0, _LEAST_S - (time.monotonic() - began_s)))
    fps = _fps(viewer, began_s)
    failed = [outcome for outcome in outcomes if outcome.startswith("failed")]
    print(
        f"{len(paths)} visitors at once: {peak.rest_mb:.0f} MB at rest, "
        f"{peak.rss_mb:.0f} MB in all (limit {MAX_SERVER_MB:.0f}), "
        f"{fps:.1f} frames a second, {len(failed)} failed",
        flush=True,
    )
    return not failed and peak.rss_mb < MAX_SERVER_MB and fps >= MIN_FPS


def _fps(viewer: Visitor, since_s: float) -> float:
    n_frames = sum(at_s >= since_s for at_s in viewer.received_at_s)
    return n_frames / (time.monotonic() - since_s)


async def _upload(server: Server, number: int, name: str, data: bytes) -> str:
    # each from an address of its own, or the limit of visits would refuse them
    address = f"10.1.{number // 250}.{number % 250 + 1}"
    async with PhotoVisitor(server.port, address=address) as visitor:
        return await visitor.check(name, data, _RESULT_S)


def _written(folder: Path) -> list[Path]:
    paths = sorted(hostile.CASES.iterdir()) if hostile.CASES.is_dir() else []
    for name, make in hostile.SYNTHETIC.items():
        paths.append(folder / name)
        paths[-1].write_bytes(make())
    return paths
