"""Soak test: whether memory, threads or open files of the server grow while visitors come and go.

Visitors without a browser stay for a while and go, and others follow: for eight minutes by
default, ``--minutes 30`` for a thorough run. They go in turn in three ways: they leave, they vanish
in the stream, or they vanish while it connects. Growth is the slope of a line fitted to the second
half of the samples, when caches are full. The residuals' standard deviation is printed beside it.
Then ``--vanish N`` visitors connect and vanish, every second one during ICE, the others in the
stream: browsers crash and networks fail. Threads, open files and memory are printed before and a
minute after; status 1 where they are not back at their start. ``--minutes 0`` vanishes only.
"""

import argparse
import asyncio
import time
from typing import Any, Final

import numpy as np

from testbed.pictures.scenes import scene
from testbed.servers.server import Server, Usage, serve
from testbed.visitors.visitor import Film, Visitor

AT_ONCE: Final = 2
STAY_S: Final = 10.0
SETTLE_S: Final = 60.0
"""Time in which the server must have let go of everything of its visitors."""
MORE_THREADS: Final = 2
MORE_FILES: Final = 6
MORE_MB: Final = 40.0
"""Noise of the allocator and the pools: without their end, 200 visitors would leave about 200
threads, 600 open files and 1,000 MB."""
VANISH_AT_ONCE: Final = 4
_SAMPLE_S: Final = 1.0


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("soak", help="growth of the server while viewers come and go")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument(
        "--vanish",
        type=int,
        default=200,
        metavar="N",
        help="visitors who connect and vanish, half of them during ICE (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    film = Film([*scene(1, 60)], 12)
    with serve(options.vanish + 10, MASKDET_TRUSTED_PROXIES="1") as server:
        if options.minutes > 0:
            _print_growth(asyncio.run(_soak(server, film, 60 * options.minutes)))
        if options.vanish < 1:
            return 0
        before, after = asyncio.run(_vanish(server, film, options.vanish))
    back = is_back(before, after)
    print(
        f"{options.vanish} visitors vanished, before and {SETTLE_S:.0f} s after: "
        f"{before.n_threads} and {after.n_threads} threads, "
        f"{before.n_files} and {after.n_files} open files, "
        f"{before.rss_mb:.0f} and {after.rss_mb:.0f} MB: {'back' if back else 'NOT BACK'}"
    )
    return 0 if back else 1


def is_back(before: Usage, after: Usage) -> bool:
    """Whether the server is back at its start, within the noise of pools and the allocator."""
    return (
        after.n_threads <= before.n_threads + MORE_THREADS
        and after.n_files <= before.n_files + MORE_FILES
        and after.rss_mb <= before.rss_mb + MORE_MB
    )


async def _vanish(server: Server, film: Film, n_visitors: int) -> tuple[Usage, Usage]:
    async def one(number: int) -> None:
        address = f"10.2.{number // 250}.{number % 250 + 1}"
        async with Visitor(server.port, film, address=address) as visitor:
            if number % 2:
                await visitor.vanish_during_ice()
            else:
                await visitor.start()
                await visitor.vanish()

    # the first ones fill caches that stay
    await asyncio.gather(*(one(number) for number in range(VANISH_AT_ONCE)))
    await asyncio.sleep(SETTLE_S)
    before = server.usage()
    _print_usage("before", before)
    for first in range(0, n_visitors, VANISH_AT_ONCE):
        last = min(first + VANISH_AT_ONCE, n_visitors)
        await asyncio.gather(*(one(VANISH_AT_ONCE + i) for i in range(first, last)))
    _print_usage("last one gone", server.usage())
    await asyncio.sleep(SETTLE_S)
    return before, server.usage()


def _print_usage(when: str, usage: Usage) -> None:
    print(
        f"{when}: {usage.rss_mb:.0f} MB, {usage.n_threads} threads, {usage.n_files} open files",
        flush=True,
    )


def _print_growth(samples: list[tuple[float, Usage]]) -> None:
    settled = samples[len(samples) // 2 :]
    hours = np.array([at_s for at_s, _ in settled]) / 3600
    for name, unit in (("rss_mb", "MB"), ("n_threads", "threads"), ("n_files", "open files")):
        values = np.array([getattr(usage, name) for _, usage in settled], float)
        slope, start = np.polyfit(hours - hours[0], values, 1)
        noise = np.std(values - (start + slope * (hours - hours[0])))
        grown = slope * (hours[-1] - hours[0])
        print(
            f"{unit}: {values.min():.0f} to {values.max():.0f}, grew by {grown:+.1f} over the "
            f"last {60 * (hours[-1] - hours[0]):.1f} minutes, noise {noise:.1f}"
        )


async def _soak(server: Server, film: Film, seconds: float) -> list[tuple[float, Usage]]:
    end_s = time.monotonic() + seconds
    n_visits = 0
    rng = np.random.default_rng(0)

    async def visit(visitor: Visitor, stay_s: float) -> None:
        nonlocal n_visits
        n_visits += 1
        match n_visits % 3:
            case 0:
                await visitor.vanish_during_ice()
            case 1:
                await visitor.start()
                await asyncio.sleep(stay_s)
                await visitor.vanish()
            case _:
                await visitor.start()
                await asyncio.sleep(stay_s)

    async def visit_repeatedly(first_stay_s: float) -> None:
        stay_s = first_stay_s
        while time.monotonic() < end_s:
            # each from an address of its own, or the limit of starts would refuse them
            address = ".".join(str(part) for part in (10, *rng.integers(1, 255, 3)))
            async with Visitor(server.port, film, address=address) as visitor:
                await visit(visitor, stay_s)
            stay_s = STAY_S

    # spread their visits over time
    stays = [STAY_S * (i + 1) / AT_ONCE for i in range(AT_ONCE)]
    visits = asyncio.gather(*(visit_repeatedly(stay) for stay in stays))
    samples = []
    while time.monotonic() < end_s:
        samples.append((time.monotonic(), server.usage()))
        await asyncio.sleep(_SAMPLE_S)
    await visits
    print(
        f"{n_visits} visits in {seconds / 60:.1f} minutes, {AT_ONCE} at once: a third leaves after "
        f"{STAY_S:.0f} s, a third vanishes then, a third vanishes while it connects"
    )
    return samples
