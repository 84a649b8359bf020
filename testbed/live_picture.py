"""Make the README's animated picture: the live page while its demo film plays.

`python -m testbed.live_picture docs/live.webp` starts the app, opens the page in a Chromium and
takes the film step by step, so that a slow machine makes the same picture. The film shows NASA's
portrait with drawn masks; nobody else is in it.
"""

import argparse
import io
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import FloatRect, Page, expect

from testbed.servers.server import serve
from testbed.visitors.browser import Browsers

WINDOW: Final = (1280, 720)
_HEIGHT_PX: Final = 680
"""Of the window, from above: what is below has begun, and would be cut."""
WIDTH_PX: Final = 900
"""Of the picture: what the README's column shows."""
STEP_S: Final = 0.25
"""Of the film, between two pictures."""
SPEED: Final = 1.5
"""How much faster than the film, whose round of 12 s is long for a README."""
WAIT_MS: Final = 120_000
_QUALITY: Final = 70
# Answers when the page has drawn the film's picture of that moment, and has counted it.
_SEEK: Final = """(video, at) => new Promise((done) => {
  video.pause();
  video.requestVideoFrameCallback(() => requestAnimationFrame(() => requestAnimationFrame(done)));
  video.currentTime = at;
})"""


def take(page: Page) -> Iterator[Image.Image]:
    """Pictures of one round of the film on a live page, `STEP_S` apart, as RGB of `WIDTH_PX`."""
    expect(page.locator("[data-demo]").first).to_be_visible(timeout=WAIT_MS)
    address = page.locator(".md-demo").get_attribute("data-film")
    stage = page.frame_locator("iframe[title*='webrtc_streamer']")
    video = stage.locator(f'#stage video[data-url="{address}"]')
    expect(video).to_be_visible(timeout=WAIT_MS)
    page.mouse.move(0, 0)
    page.evaluate("document.fonts.ready")
    part = FloatRect(x=0, y=0, width=WINDOW[0], height=_HEIGHT_PX)
    for step in range(round(video.evaluate("video => video.duration") / STEP_S)):
        # the middle of a frame, on which rounding has no effect
        video.evaluate(_SEEK, (step + 0.5) * STEP_S)
        with Image.open(io.BytesIO(page.screenshot(clip=part))) as shot:
            height = round(shot.height * WIDTH_PX / shot.width)
            yield shot.convert("RGB").resize((WIDTH_PX, height), Image.Resampling.LANCZOS)


def save(pictures: list[Image.Image], target: Path) -> None:
    """Write an animated WebP that repeats for ever."""
    pictures[0].save(
        target,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 * STEP_S / SPEED),
        loop=0,
        quality=_QUALITY,
        method=6,
    )


def main() -> int:
    """Make the picture that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m testbed.live_picture", description=__doc__)
    parser.add_argument("target", type=Path, metavar="FILE.webp")
    target: Path = parser.parse_args().target
    chromium = os.environ.get("MASKDET_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        print("error: expected a Chromium, found none", file=sys.stderr)
        return 1
    with serve() as server, Browsers(chromium) as browsers, browsers.open(size=WINDOW) as browser:
        page = browser.new_page()
        page.goto(server.url)
        pictures = list(take(page))
    save(pictures, target)
    seconds = len(pictures) * STEP_S / SPEED
    print(f"{target}: {len(pictures)} pictures, {seconds:.0f} s, {target.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
