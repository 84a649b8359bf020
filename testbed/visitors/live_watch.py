"""When a live page that was interrupted shows its video and verdicts again.

A script in the page notes 50 times a second what is shown. Times are Unix times, which page and
Python share, in seconds.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Page

from maskdet_app.ui.texts.i18n import t

_SCRIPT: Final = Path(__file__).with_name("live_watch.js")
_POLL_MS: Final = 100

Log = Mapping[str, Sequence[Sequence[Any]]]
"""By part of the page, what it showed from when on: the time in ms, then for ``video`` the number
of the stream and of its frames, for ``panel`` whether it is on, its frame and its counts."""


@dataclass(frozen=True, slots=True)
class Back:
    """How long a live page needed to come back, in seconds from the end of the interruption.

    Attributes:
        picture_s: until a frame was shown that had not been shown before.
        verdict_s: until the panel said that the camera is on, and counted one face with the verdict
            on a frame that it had not counted before.
    """

    picture_s: float
    verdict_s: float

    @property
    def both_s(self) -> float:
        """Until picture and verdict were there."""
        return max(self.picture_s, self.verdict_s)


def install(browser: BrowserContext) -> None:
    """Watch all pages that this browser opens from now on."""
    words = json.dumps({"on": t("live.on_title")})
    browser.add_init_script(f"({_SCRIPT.read_text(encoding='utf-8')})({words})")


def stream(page: Page) -> int:
    """Which of the streams since the page was loaded it shows, from 0; -1 if none."""
    number = page.evaluate("() => (liveWatch.video.at(-1) || [0, null])[1]")
    return -1 if number is None else int(number)


def wait_until_back(
    page: Page,
    since_s: float,
    *,
    from_stream: int = 0,
    verdict: str = "with_mask",
    timeout_s: float = 60.0,
) -> Back:
    """Wait until the page shows new frames and a new verdict.

    Args:
        page: of a browser with `install`.
        since_s: when the interruption ended.
        from_stream: the first of its streams that counts: a later one where the old one still
            shows frames after `since_s`.
        verdict: of the one face that is seen.
        timeout_s: longest to wait.

    Raises:
        TimeoutError: it does not come back.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        log = page.evaluate("() => window.liveWatch")
        back = None if log is None else find_back(log, since_s, from_stream, verdict)
        if back is not None:
            return back
        if time.monotonic() > deadline_s:
            last = {part: seen[-1:] for part, seen in (log or {}).items()}
            raise TimeoutError(f"nothing came back within {timeout_s:.0f} s, the last was {last}")
        page.wait_for_timeout(_POLL_MS)


def longest_pause(page: Page, since_s: float, verdict: str = "with_mask") -> Back:
    """How long the video of a page that went on was away, at most, until now.

    Args:
        page: of a browser with `install`.
        since_s: from when on.
        verdict: of the one face that is seen.
    """
    return find_pause(page.evaluate("() => window.liveWatch"), since_s, time.time(), verdict)


def find_pause(log: Log, since_s: float, until_s: float, verdict: str) -> Back:
    """The longest times between two new frames, and between two new counts, by what was shown.

    Args:
        log: of the script.
        since_s: from when on.
        until_s: the end.
        verdict: of the one face that is seen.
    """
    frames = [at for at, stream, n_frames in log["video"] if stream is not None and n_frames > 0]
    counts: dict[str, float] = {}
    for at, is_on, frame, counted in log["panel"]:
        if is_on and frame is not None and counted.get(verdict) == "1":
            counts.setdefault(frame, at)
    return Back(*(_longest_gap_s(at, since_s, until_s) for at in (frames, list(counts.values()))))


def _longest_gap_s(times_ms: Sequence[float], since_s: float, until_s: float) -> float:
    within = [ms / 1000 for ms in times_ms if since_s < ms / 1000 < until_s]
    return max(after - before for before, after in pairwise([since_s, *within, until_s]))


def find_back(log: Log, since_s: float, from_stream: int, verdict: str) -> Back | None:
    """When a page was back, by what it showed; None as long as it is not.

    Args:
        log: of the script.
        since_s: when the interruption ended.
        from_stream: the first of its streams that counts.
        verdict: of the one face that is seen.
    """
    since_ms = 1000 * since_s
    video = [one for one in log["video"] if one[1] is not None and one[1] >= from_stream]
    picture_ms = next((at for at, _, n_frames in video if at >= since_ms and n_frames > 0), None)
    if picture_ms is None:
        return None
    counted_before = [one[2] for one in log["panel"] if one[0] < since_ms][-1:]
    # while an earlier stream is still shown, the panel counts its frames
    from_ms = max(since_ms, video[0][0])
    for at, is_on, frame, counts in log["panel"]:
        is_new = at >= from_ms and frame is not None and frame not in counted_before
        if is_new and is_on and counts.get(verdict) == "1":
            return Back(picture_ms / 1000 - since_s, at / 1000 - since_s)
    return None
