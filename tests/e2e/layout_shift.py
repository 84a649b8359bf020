"""How much of a page moves by itself, as Web Vitals count it: cumulative layout shift."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page

GOOD: Final = 0.1
"""Up to here Web Vitals call a page good."""
_GAP_MS: Final = 1_000
_WINDOW_MS: Final = 5_000
"""Shifts closer than the gap are one window's, which is no longer than this."""
_OBSERVE: Final = """
(() => {
  const named = (node) => {
    const element = node && (node.nodeType === 1 ? node : node.parentElement);
    if (!element) return "gone";
    const { dataset, className, tagName, textContent } = element;
    return `${dataset.testid || className || tagName}: ${textContent.slice(0, 40)}`;
  };
  const place = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
  window.layoutShifts = [];
  new PerformanceObserver((list) => {
    for (const { startTime, value, hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      const moved = sources.map(
        ({ node, previousRect, currentRect }) =>
          `${named(node)} (${place(previousRect)} -> ${place(currentRect)})`);
      window.layoutShifts.push({ at_ms: startTime, value, moved });
    }
  }).observe({ type: "layout-shift", buffered: true });
})()
"""
_SETTLED: Final = """
() => document.querySelector("h1, iframe[title*=webrtc]")
  && !document.querySelector("[data-testid=stSkeleton], [data-test-script-state=running]")
  && !("mdLoading" in document.documentElement.dataset)
"""


@dataclass(frozen=True, slots=True)
class Shift:
    """What moved in one frame.

    Attributes:
        at_ms: time since the page was opened.
        value: the browser's share of the window.
        moved: elements with their places before and after, x, y, width and height in px.
    """

    at_ms: float
    value: float
    moved: tuple[str, ...]


def observe(page: Page) -> None:
    """Observe all that the page opens from now on."""
    page.add_init_script(_OBSERVE)


def forget(page: Page) -> None:
    """Leave out what has moved so far."""
    page.evaluate("window.layoutShifts = []")


def wait_until_settled(page: Page, timeout_ms: int) -> None:
    """Wait for the page's run and all of its parts, and what they change when they come."""
    page.wait_for_function(_SETTLED, timeout=timeout_ms)
    page.wait_for_timeout(1_000)
    page.wait_for_function(_SETTLED, timeout=timeout_ms)


def shifts(page: Page) -> list[Shift]:
    """What has moved so far."""
    found: list[dict[str, Any]] = page.evaluate("window.layoutShifts")
    return [Shift(one["at_ms"], one["value"], tuple(one["moved"])) for one in found]


def cumulative(found: Sequence[Shift]) -> float:
    """The largest sum over a window of shifts, as Web Vitals define it."""
    worst = total = 0.0
    first_ms = last_ms = float("-inf")
    for one in found:
        if one.at_ms - last_ms >= _GAP_MS or one.at_ms - first_ms >= _WINDOW_MS:
            total, first_ms = 0.0, one.at_ms
        total, last_ms = total + one.value, one.at_ms
        worst = max(worst, total)
    return worst


def assert_still(page: Page) -> None:
    """Fail with what moved where it was more than is good."""
    found = shifts(page)
    told = "\n".join(f"{one.value:.3f} at {one.at_ms:.0f} ms: {one.moved}" for one in found)
    assert cumulative(found) < GOOD, f"{page.url} moves:\n{told}"
