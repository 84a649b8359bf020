"""What the panel says of a frame is what is drawn on it, in a real browser.

A film with burnt frame numbers is the camera. The server records which film frame became which
frame of the stream, the browser which film frame it showed with what colours and what the panel
said, and the panel names the frame that its counts are of.

It is done again with the server at a quarter of the speed, as one is that has too much to do. The
browser is the visitor's own machine, and not slowed.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_app.live.panel.status import REFRESH_S
from maskdet_app.ui.texts.i18n import t
from testbed.pictures import camera_films, frame_numbers
from testbed.pictures.drawn_masks import write_manifest
from testbed.pictures.mask_film import mask_film
from testbed.processes.slow_processor import slowed
from testbed.servers import numbered_server
from testbed.servers.server import Server, free_port, serve_command
from testbed.visitors import live_page
from testbed.visitors.browser import Browsers

SLOW_SETTING: Final = "MASKDET_TEST_SLOW"
"""Environment variable that has a slow server compared too, which takes minutes."""
WITHIN_S: Final = 240.0
RETURN_S: Final = 5.0
"""A frame is shown in the browser at most so long after the server returned it."""
LEAST_SHARE: Final = 0.001
"""Of the picture: pixels in the colour of a verdict's frame and label."""
MAX_MISREAD: Final = 0.02
"""Share of frames whose colours the browser may get wrong: where the network's rate sinks, video is
compressed until frames and labels lose their colour. A panel that lags by a few frames differs
on more, since the film changes its verdict every few seconds."""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the server is.

    Attributes:
        share: of the time in which its processes run.
        refresh_s: seconds between two runs of the panel. Streamlit needs a round of the event loop
            for each of a run's messages, and throws away what it has not sent when the next begins:
            a quarter of the speed is too little for more than the page's own rate.
        n_samples: frames to compare. On 60, a panel three frames late is seen in 99 of 100 tests.
    """

    share: float
    refresh_s: float
    n_samples: int


FULL: Final = Pace(1.0, 0.1, 200)
QUARTER: Final = Pace(0.25, REFRESH_S, 60)

# Notes for each frame that the video shows its film number and the share of pixels in each
# verdict's colour, above the suit and beside the flag, which have such colours too.
WATCH = """
(video, [bits, top, cell]) => {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', {willReadFrequently: true});
  window.shown = [];
  const note = () => {
    const w = canvas.width = video.videoWidth, h = canvas.height = video.videoHeight;
    context.drawImage(video, 0, 0);
    const y = Math.round((1 + top) / 2 * h);
    let number = 0, sum = 0, parity = 0;
    for (let i = 0; i <= bits; i++) {
      const x = Math.round((0.5 + (i + 0.5) * cell) * w);
      const data = context.getImageData(x - 2, y - 2, 5, 5).data;
      let light = 0;
      for (let j = 0; j < data.length; j += 4) light += data[j + 1];
      const bit = light / 25 > 128 ? 1 : 0;
      if (i < bits) { number = 2 * number + bit; sum += bit; } else parity = bit;
    }
    if (sum % 2 === parity) {
      const x0 = Math.round(0.3 * w), y1 = Math.round(0.62 * h);
      const data = context.getImageData(x0, 0, w - x0, y1).data;
      const n = {with_mask: 0, worn_wrong: 0, without_mask: 0};
      for (let i = 0; i < data.length; i += 4) {
        const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
        if (r < 50 && g > 80 && g < 145 && b > 140 && b < 215) n.with_mask++;
        if (r > 200 && g > 190 && b < 120) n.worn_wrong++;
        if (r > 180 && g > 60 && g < 130 && b < 50) n.without_mask++;
      }
      for (const kind in n) n[kind] /= w * h;
      window.shown.push({at_s: Date.now() / 1000, film: number, colours: n});
    }
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
}
"""
# Notes whatever the panel says: its counts, the number of their frame, and whether it is waiting.
WATCH_PANEL = """
(waiting) => {
  window.panels = [];
  const note = () => {
    const tiles = document.querySelector('.md-tiles[data-frame]');
    const counts = {};
    if (tiles) for (const tile of tiles.querySelectorAll('[data-verdict]'))
      counts[tile.dataset.verdict] = Number(tile.querySelector('b').textContent);
    window.panels.push({frame: tiles ? Number(tiles.dataset.frame) : null, counts,
                        is_waiting: document.body.textContent.includes(waiting)});
  };
  new MutationObserver(note).observe(document.body, {childList: true, subtree: true});
}
"""
TAKE_SHOWN = "() => window.shown.splice(0)"
TAKE_PANELS = "() => window.panels.splice(0)"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "frames.jsonl"


@pytest.fixture
def numbered(tmp_path: Path, pace: Pace, record: Path, network: Path) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "testbed.servers.numbered_server", "run", "server.py"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    command += ["--server.headless", "true", "--server.fileWatcherType", "none"]
    settings = {
        "MASKDET_MODEL": str(write_manifest(tmp_path)),
        numbered_server.RECORD: str(record),
        numbered_server.REFRESH: str(pace.refresh_s),
    }
    with serve_command(command, port, log=tmp_path / "server.log", **settings) as running:
        yield running


@pytest.fixture(scope="module")
def numbered_film(tmp_path_factory: pytest.TempPathFactory, portrait: NDArray[np.uint8]) -> Path:
    frames = (
        frame_numbers.burn(frame.image_rgb, number)
        for number, frame in enumerate(mask_film(portrait, camera_films.FRAMES_A_SECOND))
    )
    return camera_films.write(tmp_path_factory.mktemp("film") / "numbered.y4m", frames)


def _drawn(
    frame: int, rows: dict[int, dict[str, Any]], shown: list[dict[str, Any]]
) -> set[str] | None:
    """Verdicts whose colours the browser showed on a frame; None where it did not show it."""
    row = rows.get(frame)
    if row is None or row["film"] is None:
        return None
    for one in shown:
        # the film repeats itself
        if one["film"] == row["film"] and 0.0 <= one["at_s"] - row["at_s"] <= RETURN_S:
            return {kind for kind, share in one["colours"].items() if share > LEAST_SHARE}
    return None


@pytest.mark.parametrize(
    "pace",
    [
        pytest.param(FULL, id="full"),
        pytest.param(
            QUARTER,
            id="quarter",
            marks=pytest.mark.skipif(
                not os.environ.get(SLOW_SETTING), reason=f"takes minutes: set {SLOW_SETTING}=1"
            ),
        ),
    ],
)
def test_panel_says_what_is_drawn(
    pace: Pace, numbered: Server, numbered_film: Path, record: Path, browsers: Browsers
) -> None:
    shown: list[dict[str, Any]] = []
    panels: dict[int, dict[str, Any]] = {}
    with browsers.open(video=numbered_film) as browser, ExitStack() as slow:
        page = browser.new_page()
        # not mirrored, so that flag and suit are where the colours are not looked for
        page.goto(f"{numbered.url}/?facing=environment")
        live_page.start(page)
        page.locator(".md-tiles[data-frame]").wait_for(timeout=live_page.WAIT_MS)
        if pace.share < 1.0:
            slow.enter_context(slowed(pace.share, [numbered.pid]))
        video = live_page.frame(page).locator("video").first
        bar = (frame_numbers.BAR_TOP, frame_numbers.CELL_WIDTH)
        video.evaluate(WATCH, [frame_numbers.N_BITS, *bar])
        page.evaluate(WATCH_PANEL, t("live.waiting"))
        deadline_s = time.monotonic() + WITHIN_S
        compared: dict[int, tuple[set[str], set[str]]] = {}
        while len(compared) < pace.n_samples and time.monotonic() < deadline_s:
            page.wait_for_timeout(1000)
            for panel in page.evaluate(TAKE_PANELS):
                assert not panel["is_waiting"]
                if panel["frame"] is not None:
                    panels[panel["frame"]] = panel["counts"]
            shown += video.evaluate(TAKE_SHOWN)
            lines = record.read_text(encoding="utf-8").splitlines()[:-1]
            rows = {row["frame"]: row for row in map(json.loads, lines)}
            for number, counts in panels.items():
                if number not in compared and (drawn := _drawn(number, rows, shown)) is not None:
                    said = {k for k, n in counts.items() if n and k != "not_sure"}
                    compared[number] = (said, drawn)
        slow.close()
        live_page.stop(page)
    assert len(compared) >= pace.n_samples
    differing = {n: pair for n, pair in compared.items() if pair[0] != pair[1]}
    assert len(differing) <= MAX_MISREAD * len(compared), differing
    # the film has made every verdict appear
    assert {kind for said, _ in compared.values() for kind in said} == {
        "with_mask",
        "worn_wrong",
        "without_mask",
    }
