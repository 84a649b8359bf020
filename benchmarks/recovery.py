"""How long a live video needs to come back by itself after each kind of interruption.

A Chromium with a fake camera opens the app; `testbed.visitors.interruptions` says how the
interruptions are made. A time begins when an interruption ends: the network is back, the tab
active, the phone awake, the camera gone (the next request gets it again), the other camera
chosen, the address of a further tab entered, or a tab told to load again. It ends when the page
shows both, a frame of the video that it had not shown before, and a panel that is on and counts
one verdict on a frame that it had not counted before. The page is looked at every 20 ms; the panel
refreshes itself twice a second. A further tab gets the first one's address, which says that the
video runs; it is opened when the one before has run for a while. Server, browser and all tabs share
the machine, and the server has judged its demo film before. Of a running tab it is the longest time
without a new frame, and without a new count, while another opens.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Page

from benchmarks.processor import this_processor
from maskdet_app.live.webrtc.restarts import STEADY_S
from testbed.pictures import masked_face
from testbed.servers.impatient_server import GIVEN_UP_S
from testbed.servers.server import Server, free_port, serve, serve_command
from testbed.visitors import interruptions, live_page, live_watch
from testbed.visitors.browser import Browsers
from testbed.visitors.live_watch import Back

ASKED_S: Final = 5.0
N_TABS: Final = 4
VERDICT: Final = "with_mask"
_SETTLE_S: Final = 2.0
_FPS: Final = 10


@dataclass(frozen=True, slots=True)
class Visit:
    """What an interruption is made with.

    Attributes:
        browser: watched, see `testbed.visitors.live_watch`.
        options: the command's.
    """

    browser: BrowserContext
    options: argparse.Namespace


@dataclass(frozen=True, slots=True)
class Recovery:
    """The times of one kind of interruption.

    Attributes:
        name: of the interruption.
        times: in the order of the rounds.
        load: mean number of processes that ran or wanted to, in the minute before the end.
        never: what the page showed where a round did not come back, which ends the rounds.
    """

    name: str
    times: tuple[Back, ...]
    load: float
    never: str = ""

    @property
    def is_in_time(self) -> bool:
        """Whether all came back, and the median within what is asked."""
        return not self.never and self.median_s("both_s") <= ASKED_S

    def median_s(self, part: str) -> float:
        """Median of one of `Back`'s times, of at least one round."""
        return float(statistics.median(getattr(one, part) for one in self.times))

    def line(self) -> str:
        """Median and worst, in words."""
        line = f"{self.name:<34} "
        if self.times:
            worst_s = max(one.both_s for one in self.times)
            line += (
                f"{self.median_s('both_s'):4.1f} s (median), {worst_s:4.1f} s (worst), "
                f"n = {len(self.times)}; picture {self.median_s('picture_s'):.1f} s, verdict "
                f"{self.median_s('verdict_s'):.1f} s (medians); "
            )
        line += f"asked {ASKED_S:.0f} s: {'yes' if self.is_in_time else 'NO'}; load {self.load:.1f}"
        return line + (f"; then NOT BACK: {self.never}" if self.never else "")


def network_gone(visit: Visit) -> Iterator[Back]:
    """No answer from the server."""
    with serve(max_viewers=1) as server, _running(visit, server) as page:
        for _ in range(visit.options.rounds):
            page.wait_for_timeout(1000 * _SETTLE_S)
            since_s = interruptions.lose_network(page, server.pid, visit.options.outage)
            yield live_watch.wait_until_back(page, since_s)


def tab_in_background(visit: Visit) -> Iterator[Back]:
    """A frozen tab."""
    with serve(max_viewers=1) as server, _running(visit, server) as page:
        for _ in range(visit.options.rounds):
            page.wait_for_timeout(1000 * _SETTLE_S)
            since_s = interruptions.put_in_background(page, visit.options.background)
            yield live_watch.wait_until_back(page, since_s)


def phone_locked(visit: Visit) -> Iterator[Back]:
    """A browser that stands still until the server has given it up."""
    with _impatient_server() as server, _running(visit, server) as page:
        for _ in range(visit.options.rounds):
            page.wait_for_timeout(1000 * STEADY_S)
            following = live_watch.stream(page) + 1
            since_s = interruptions.lock_phone(GIVEN_UP_S)
            yield live_watch.wait_until_back(page, since_s, from_stream=following)


def camera_lost(visit: Visit) -> Iterator[Back]:
    """A camera that is pulled out."""
    with serve(max_viewers=1) as server, _running(visit, server) as page:
        for _ in range(visit.options.rounds):
            page.wait_for_timeout(1000 * STEADY_S)
            following = live_watch.stream(page) + 1
            since_s = interruptions.lose_camera()
            yield live_watch.wait_until_back(page, since_s, from_stream=following)


def camera_switched(visit: Visit) -> Iterator[Back]:
    """Front and rear in turn."""
    with serve(max_viewers=1) as server, _running(visit, server) as page:
        interruptions.open_options(page)
        for number in range(visit.options.rounds):
            page.wait_for_timeout(1000 * _SETTLE_S)
            following = live_watch.stream(page) + 1
            since_s = interruptions.switch_camera(page, rear=number % 2 == 0)
            yield live_watch.wait_until_back(page, since_s, from_stream=following)


def further_tabs(visit: Visit) -> Iterator[Back]:
    """A second, third and fourth tab beside the first."""
    for _ in range(visit.options.rounds):
        with _tabs(visit) as opened:
            yield from (one.back for one in opened)


def running_tab(visit: Visit) -> Iterator[Back]:
    """The first tab while a second, third and fourth are opened."""
    for _ in range(visit.options.rounds):
        with _tabs(visit) as opened:
            yield from (one.pause for one in opened)


def reload_beside_tabs(visit: Visit) -> Iterator[Back]:
    """One of four tabs is loaded again."""
    for _ in range(visit.options.rounds):
        with _tabs(visit) as opened:
            tabs = [one.page for one in opened]
            tabs[0].wait_for_timeout(1000 * _SETTLE_S)
            since_s = time.time()
            tabs[0].reload()
            yield live_watch.wait_until_back(tabs[0], since_s)
            for tab in tabs[1:]:
                live_watch.wait_until_back(tab, since_s)


INTERRUPTIONS: Final[dict[str, tuple[str, Callable[[Visit], Iterator[Back]]]]] = {
    "network": ("network gone for {outage:.0f} s", network_gone),
    "background": ("tab in the background for {background:.0f} s", tab_in_background),
    "phone": ("phone locked until given up", phone_locked),
    "camera": ("camera lost", camera_lost),
    "switch": ("camera switched", camera_switched),
    "running": ("running tab while another opens", running_tab),
    "tabs": ("second, third and fourth tab", further_tabs),
    "reload": ("one of four tabs loaded again", reload_beside_tabs),
}
"""Name and steps of each, by its name on the command line."""


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("recovery", help="how long an interrupted live video is away")
    parser.add_argument("--rounds", type=int, default=5, help="of each interruption (%(default)s)")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[*INTERRUPTIONS],
        default=[*INTERRUPTIONS],
        metavar="NAME",
        help=f"some of the interruptions: {', '.join(INTERRUPTIONS)}",
    )
    parser.add_argument("--outage", type=float, default=10.0, metavar="S", help="without network")
    parser.add_argument(
        "--background", type=float, default=60.0, metavar="S", help="in the background"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times there, too")
    chromium = os.environ.get("MASKDET_CHROMIUM") or shutil.which("chromium") or "chromium"
    parser.add_argument("--chromium", default=chromium)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 1 where a median is above what is asked, 2 without /proc."""
    if sys.platform != "linux":
        print("expected Linux, whose /proc tells a browser's processes")
        return 2
    print(f"{this_processor().name}, {os.cpu_count()} cores", flush=True)
    found = []
    with tempfile.TemporaryDirectory() as folder, Browsers(options.chromium) as browsers:
        film = masked_face.write(Path(folder) / "masked.y4m", _FPS)
        for key in options.only:
            name, steps = INTERRUPTIONS[key]
            with browsers.open(video=film) as browser:
                live_watch.install(browser)
                times, never = _measure(steps(Visit(browser, options)))
            name = name.format(**vars(options))
            recovery = Recovery(name, times, os.getloadavg()[0], never)
            print(recovery.line(), flush=True)
            found.append(recovery)
    if options.json:
        options.json.write_text(json.dumps(record(found), indent=1) + "\n", encoding="utf-8")
    return 0 if all(one.is_in_time for one in found) else 1


def _measure(steps: Iterator[Back]) -> tuple[tuple[Back, ...], str]:
    """All times, and what was seen where one did not come back."""
    times: list[Back] = []
    try:
        for back in steps:
            times.append(back)
    except TimeoutError as error:
        return tuple(times), str(error)
    return tuple(times), ""


def record(found: Sequence[Recovery]) -> dict[str, Any]:
    """All times with what they were measured on, for JSON."""
    return {
        "processor": this_processor().name,
        "cores": os.cpu_count(),
        "asked_s": ASKED_S,
        "interruptions": [
            {
                "name": one.name,
                "load": round(one.load, 1),
                "never": one.never,
                "times": [
                    {part: round(seconds, 2) for part, seconds in asdict(back).items()}
                    for back in one.times
                ],
            }
            for one in found
        ],
    }


@dataclass(frozen=True, slots=True)
class _Tab:
    """A further tab, the time that it took, and the longest pause of the first one meanwhile."""

    page: Page
    back: Back
    pause: Back


@contextmanager
def _running(visit: Visit, server: Server) -> Iterator[Page]:
    """A page with a video that runs."""
    page = visit.browser.new_page()
    try:
        page.goto(server.url)
        # a server that has just begun judges the demo film beside its first visitors
        page.locator("[data-demo]").first.wait_for()
        live_page.start(page)
        live_page.wait_for_count(page, VERDICT)
        yield page
    finally:
        page.close()


@contextmanager
def _tabs(visit: Visit) -> Iterator[list[_Tab]]:
    """All tabs after the first."""
    # a server for each round: starts of one address are limited
    with serve(max_viewers=N_TABS) as server, _running(visit, server) as first:
        opened: list[_Tab] = []
        try:
            for _ in range(N_TABS - 1):
                first.wait_for_timeout(1000 * _SETTLE_S)
                tab = visit.browser.new_page()
                since_s = time.time()
                tab.goto(first.url)
                back = live_watch.wait_until_back(tab, since_s)
                live_watch.wait_until_back(first, since_s)
                opened.append(_Tab(tab, back, live_watch.longest_pause(first, since_s)))
            yield opened
        finally:
            for one in opened:
                one.page.close()


@contextmanager
def _impatient_server() -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "testbed.servers.impatient_server", "run", "server.py"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--server.headless", "true", "--server.fileWatcherType", "none"]
    with serve_command(command, port, MASKDET_MAX_VIEWERS="1") as server:
        yield server
