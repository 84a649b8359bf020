"""The live page, operated in a browser. Texts are those of a visitor who reads English."""

from typing import Final

from playwright.sync_api import FrameLocator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

WAIT_MS: Final = 60_000

# Number of blue and of vermilion pixels in the video: the colours of the annotator's boxes.
VIDEO_PIXELS: Final = """
(video) => {
  if (!video.videoWidth) return null;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let blue = 0, vermilion = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
    if (r < 50 && g > 80 && g < 145 && b > 140 && b < 215) blue++;
    if (r > 180 && g > 60 && g < 130 && b < 50) vermilion++;
  }
  return {blue, vermilion};
}
"""


def frame(page: Page) -> FrameLocator:
    """The video component."""
    return page.frame_locator("iframe[title*='webrtc_streamer']")


def start(page: Page) -> None:
    """Press Start, until the stream starts.

    Raises:
        TimeoutError: it does not.
    """
    # a click between two runs of the page can be lost, as a person's can
    stop_button = frame(page).get_by_role("button", name="Stop", exact=False)
    for _ in range(4):
        frame(page).get_by_role("button", name="Start", exact=False).click(timeout=WAIT_MS)
        try:
            stop_button.wait_for(timeout=15_000)
            return
        except PlaywrightTimeout:
            page.reload()
    raise TimeoutError("Start was pressed four times and the stream never started")


def stop(page: Page) -> None:
    """Press Stop."""
    frame(page).get_by_role("button", name="Stop", exact=False).click(timeout=WAIT_MS)


def go_to(page: Page, title: str) -> None:
    """Follow the menu's link to the page with this title."""
    follow(page, title, title)


def follow(page: Page, link: str, title: str) -> None:
    """Follow a link, and wait for a page with this title."""
    page.get_by_role("link", name=link).first.click()
    expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=WAIT_MS)


def wait_for_count(page: Page, verdict: str) -> None:
    """Wait until the panel counts one face with this verdict."""
    tile = page.locator(f'[data-verdict="{verdict}"] b').first
    expect(tile).to_have_text("1", timeout=WAIT_MS)
