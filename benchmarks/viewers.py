"""How many live viewers the real server can serve at once, at 12 frames a second each.

Visitors without a browser (see `testbed.visitors.visitor`) open the live page of a server in a
process of its own and send a swaying portrait. Visitors are added until one of them gets fewer than
12 frames a second back, or a verdict older than half a second, by the page's own readouts. The
visitors run on the same machine; their share of it is printed. So is the memory that each viewer
after the first adds, by a line fitted to all steps.

For one visitor alone at 30 frames a second, with one face and with four, the round trip of each
frame is measured too, coding on both sides included, and beside it the round trip through a peer
that only decodes and encodes.
"""

import argparse
import asyncio
import math
import os
import re
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import numpy as np

from benchmarks.echo import round_trips_s
from maskdet_app.ui.texts.i18n import t
from testbed.pictures.scenes import scene
from testbed.servers.server import Server, serve
from testbed.visitors.visitor import Film, Visitor

FPS: Final = 12
MIN_FPS: Final = 11.5
"""12 frames a second, less the rounding over two seconds."""
MAX_AGE_S: Final = 0.5
_FACES_ALONE: Final = (1, 4)
_SECONDS_ALONE: Final = 10.0
_WARM_UP_S: Final = 4.0
_NUMBER: Final = re.compile(r"[\d.]+")


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("viewers", help="live viewers that the server can serve at once")
    parser.add_argument("--most", type=int, default=12, metavar="N", help="stop at this many")
    parser.add_argument(
        "--measured", action="store_true", help="let the server's admission control set the limit"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="measured at each step")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    for n_faces in _FACES_ALONE:
        with serve(max_viewers=1) as server:
            asyncio.run(_alone(server, n_faces))
    with serve(max_viewers=None if options.measured else options.most) as server:
        best = asyncio.run(_fill(server, options.most, options.seconds))
    print(f"most viewers at {FPS} frames a second, verdicts at most {MAX_AGE_S} s old: {best}")
    return 0


async def _alone(server: Server, n_faces: int) -> None:
    film = Film([*scene(n_faces, 60)], 30)
    echo_ms = 1000 * np.percentile(await round_trips_s(film, _WARM_UP_S, _SECONDS_ALONE), [50, 95])
    empty = server.usage()
    async with Visitor(server.port, film) as visitor:
        await visitor.start(timed=True)
        await asyncio.sleep(_WARM_UP_S)
        visitor.round_trips_s.clear()
        visitor.received_at_s.clear()
        visitor.readouts.clear()
        before, started_s = server.usage(), time.monotonic()
        await asyncio.sleep(_SECONDS_ALONE)
        after, seconds = server.usage(), time.monotonic() - started_s
        median_ms, p95_ms = 1000 * np.percentile(visitor.round_trips_s, [50, 95])
        ages_s = np.percentile(_ages_s([visitor]), [50, 95])
        fps = len(visitor.received_at_s) / seconds
        print(
            f"one viewer at 30, faces: {n_faces}: {fps:.1f} frames a second back, round trip "
            f"{median_ms:.0f} ms (median), {p95_ms:.0f} ms (95th percentile), through a peer that "
            f"only decodes and encodes {echo_ms[0]:.0f} and {echo_ms[1]:.0f} ms, verdicts "
            f"{ages_s[0]:.1f} s (median), {ages_s[1]:.1f} s (95th percentile) old, "
            f"{(after.cpu_s - before.cpu_s) / seconds:.2f} cores; "
            f"memory {empty.rss_mb:.0f} MB before, {after.rss_mb:.0f} MB with the viewer"
        )


async def _fill(server: Server, most: int, seconds: float) -> int:
    film = Film([*scene(1, 60)], FPS)
    best = 0
    memory_mb: list[float] = []
    async with AsyncExitStack() as stack:
        visitors: list[Visitor] = []
        for n in range(1, most + 1):
            visitor = await stack.enter_async_context(Visitor(server.port, film))
            if visitor.is_full:
                print(f"{n} viewers: the server admits no more")
                break
            await visitor.start()
            visitors.append(visitor)
            await asyncio.sleep(_WARM_UP_S)
            is_served = await _serves(server, visitors, seconds)
            memory_mb.append(server.usage().rss_mb)
            if not is_served:
                break
            best = n
    if len(memory_mb) > 1:
        slope_mb = np.polyfit(range(len(memory_mb)), memory_mb, 1)[0]
        print(f"memory of a further viewer: {slope_mb:.0f} MB")
    return best


async def _serves(server: Server, visitors: list[Visitor], seconds: float) -> bool:
    for visitor in visitors:
        visitor.received_at_s.clear()
        visitor.readouts.clear()
    before, own_before_s = server.usage(), time.process_time()
    started_s = time.monotonic()
    await asyncio.sleep(seconds)
    took_s = time.monotonic() - started_s
    after, own_s = server.usage(), time.process_time() - own_before_s
    fps = min(len(v.received_at_s) for v in visitors) / took_s
    ages = _ages_s(visitors)
    age_s = float(np.percentile(ages, 95)) if ages else float("inf")
    print(
        f"{len(visitors)} viewers: at least {fps:.1f} frames a second each, verdicts "
        f"{np.median(ages) if ages else age_s:.1f} s (median), {age_s:.1f} s (95th percentile) "
        "old, server "
        f"{(after.cpu_s - before.cpu_s) / took_s:.2f} of {os.cpu_count()} cores, "
        f"visitors {own_s / took_s:.2f}, memory {after.rss_mb:.0f} MB, {after.n_threads} threads",
        flush=True,
    )
    return fps >= MIN_FPS and age_s <= MAX_AGE_S


def _ages_s(visitors: Sequence[Visitor]) -> list[float]:
    """Ages of the verdicts by the page's readouts, infinite where there is none yet."""
    texts = [values[t("live.age")] for visitor in visitors for _, values in visitor.readouts]
    return [float(found[0]) if found else math.inf for found in map(_NUMBER.findall, texts)]
