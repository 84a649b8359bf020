"""Soak test: whether memory, threads or open files of the server grow while visitors come and go.

Visitors without a browser stay for a while and leave, and others follow: for eight minutes by
default, ``--minutes 30`` for a thorough run. Growth is the slope of a line fitted to the second
half of the samples, when caches are full. The residuals' standard deviation is printed beside it.
One visitor in three vanishes while the video connects (``--vanish 0.33``): browsers crash and
networks fail. A minute after the last visit, threads, files and memory are printed again, which
should be back at their start.
"""

import argparse
import asyncio
import time
from typing import Any, Final

import numpy as np

from testbed.scenes import scene
from testbed.server import Server, Usage, serve
from testbed.visitor import Film, Visitor

AT_ONCE: Final = 2
STAY_S: Final = 10.0
SETTLE_S: Final = 60.0
"""Time in which the server must have let go of everything of its visitors."""
_SAMPLE_S: Final = 1.0


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("soak", help="growth of the server while viewers come and go")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument(
        "--vanish",
        type=float,
        default=0.33,
        metavar="SHARE",
        help="share of visitors who vanish while they connect (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    film = Film([*scene(1, 60)], 12)
    with serve(MASKDET_TRUSTED_PROXIES="1") as server:
        samples = asyncio.run(_soak(server, film, 60 * options.minutes, options.vanish))
        first = samples[0][1]
        time.sleep(SETTLE_S)
        last = server.usage()
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
    print(
        f"before the first visit and {SETTLE_S:.0f} s after the last: "
        f"{first.n_threads} and {last.n_threads} threads, "
        f"{first.n_files} and {last.n_files} open files, "
        f"{first.rss_mb:.0f} and {last.rss_mb:.0f} MB"
    )
    return 0


async def _soak(
    server: Server, film: Film, seconds: float, vanish_share: float
) -> list[tuple[float, Usage]]:
    end_s = time.monotonic() + seconds
    n_visits = n_vanished = 0
    rng = np.random.default_rng(0)

    async def visit_repeatedly(first_stay_s: float) -> None:
        nonlocal n_visits, n_vanished
        stay_s = first_stay_s
        while time.monotonic() < end_s:
            # each from an address of its own, or the limit of starts would refuse them
            address = ".".join(str(part) for part in (10, *rng.integers(1, 255, 3)))
            async with Visitor(server.port, film, address=address) as visitor:
                if visitor.is_full:
                    await asyncio.sleep(stay_s)
                elif rng.random() < vanish_share:
                    await visitor.vanish_during_ice()
                    n_vanished += 1
                else:
                    await visitor.start()
                    n_visits += 1
                    await asyncio.sleep(stay_s)
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
        f"{n_visits} visits of {STAY_S:.0f} s and {n_vanished} that vanished in "
        f"{seconds / 60:.1f} minutes, {AT_ONCE} at once"
    )
    return samples
