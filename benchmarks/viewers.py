"""How many people the real server watches over at once, at 12 frames a second each.

Visitors without a browser (see `testbed.visitor`) open the live page of a server of its own
process and send a portrait that sways. One after another they come until one of them gets fewer
than 12 frames a second back, or a verdict older than half a second, by the page's own readouts.
The visitors run on the same machine and take their share of it, which is printed.

The first visitor, alone and at 30 frames a second, also has each picture's way measured: there and
back, coding on both sides included, beside the same way through a peer that does nothing to them.
"""

import argparse
import asyncio
import os
import re
import time
from contextlib import AsyncExitStack
from typing import Any, Final

import numpy as np

from benchmarks.echo import round_trips_s
from testbed.scenes import scene
from testbed.server import Server, serve
from testbed.visitor import Film, Visitor

FPS: Final = 12
WANTED_FPS: Final = 11.5
"""12 frames a second, as far as rounding over two seconds can tell."""
WANTED_AGE_S: Final = 0.5
_SECONDS_ALONE: Final = 15.0
_WARM_UP_S: Final = 4.0
_NUMBER: Final = re.compile(r"[\d.]+")


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("viewers", help="viewers at once that the server watches over")
    parser.add_argument("--most", type=int, default=12, metavar="N", help="stop at this many")
    parser.add_argument(
        "--measured", action="store_true", help="let the server itself say when it is full"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="measured at each number")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    with serve(max_viewers=1) as server:
        asyncio.run(_alone(server))
    with serve(max_viewers=None if options.measured else options.most) as server:
        best = asyncio.run(_fill(server, options.most, options.seconds))
    print(f"most viewers at {FPS} frames a second, verdicts at most {WANTED_AGE_S} s old: {best}")
    return 0


async def _alone(server: Server) -> None:
    film = Film([*scene(1, 60)], 30)
    bare = 1000 * np.percentile(await round_trips_s(film, _WARM_UP_S, _SECONDS_ALONE), [50, 95])
    empty = server.usage()
    async with Visitor(server.port, film) as visitor:
        await visitor.start(timed=True)
        await asyncio.sleep(_WARM_UP_S)
        visitor.round_trips_s.clear()
        visitor.came_at_s.clear()
        before, began = server.usage(), time.monotonic()
        await asyncio.sleep(_SECONDS_ALONE)
        after, seconds = server.usage(), time.monotonic() - began
        half, most = 1000 * np.percentile(visitor.round_trips_s, [50, 95])
        print(
            f"one viewer at 30: {len(visitor.came_at_s) / seconds:.1f} frames a second back, "
            f"round trip {half:.0f} ms (half of them) to {most:.0f} ms (19 of 20), through a peer "
            f"that only decodes and encodes {bare[0]:.0f} to {bare[1]:.0f} ms, "
            f"{(after.cpu_s - before.cpu_s) / seconds:.2f} cores; "
            f"memory {empty.rss_mb:.0f} MB before, {after.rss_mb:.0f} MB with the viewer"
        )


async def _fill(server: Server, most: int, seconds: float) -> int:
    film = Film([*scene(1, 60)], FPS)
    best = 0
    async with AsyncExitStack() as stack:
        visitors: list[Visitor] = []
        for n in range(1, most + 1):
            visitor = await stack.enter_async_context(Visitor(server.port, film))
            if visitor.is_full:
                print(f"{n} viewers: the server has no place for more")
                break
            await visitor.start()
            visitors.append(visitor)
            await asyncio.sleep(_WARM_UP_S)
            if not await _serves(server, visitors, seconds):
                break
            best = n
    return best


async def _serves(server: Server, visitors: list[Visitor], seconds: float) -> bool:
    for visitor in visitors:
        visitor.came_at_s.clear()
        visitor.readouts.clear()
    before, own_before, began = server.usage(), time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    after, own = server.usage(), time.process_time() - own_before
    fps = min(len(v.came_at_s) for v in visitors) / took
    ages = [
        float(_NUMBER.findall(told["Last look"])[0]) for v in visitors for _, told in v.readouts
    ]
    age = float(np.percentile(ages, 95)) if ages else float("inf")
    print(
        f"{len(visitors)} viewers: at least {fps:.1f} frames a second each, verdicts "
        f"{np.median(ages) if ages else age:.1f} s (half) to {age:.1f} s (19 of 20) old, server "
        f"{(after.cpu_s - before.cpu_s) / took:.2f} of {os.cpu_count()} cores, "
        f"visitors {own / took:.2f}, memory {after.rss_mb:.0f} MB, {after.n_threads} threads",
        flush=True,
    )
    return fps >= WANTED_FPS and age <= WANTED_AGE_S
