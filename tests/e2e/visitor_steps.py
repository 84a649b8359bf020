"""What a visitor does on a page, counted as it is done."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

WAIT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the focus is, as a screen reader gets it: role and name."""

    role: str
    name: str


class Visitor:
    """A visitor whose steps are counted: clicks, key presses, file choices, screens scrolled.

    Attributes:
        steps: what was done, one entry a step.
        stops: each place where the Tab key brought the focus.
    """

    def __init__(self, page: Page) -> None:
        """Begin to count on a page that is open."""
        self._page = page
        self._tree = page.context.new_cdp_session(page)
        self.steps: list[str] = []
        self.stops: list[Stop] = []

    def see(self, *targets: Locator) -> None:
        """Wait for what is to be seen on a page at rest, and scroll to it: a step a screen."""
        for target in targets:
            expect(target).to_be_visible(timeout=WAIT_MS)
            # until a run ends, what it draws replaces what is there; nobody is as fast as a test
            running = self._page.locator("[data-test-script-state=running]")
            expect(running).to_have_count(0, timeout=WAIT_MS)
            expect(target).to_be_visible(timeout=WAIT_MS)
            n_screens = self._screens_to(target)
            self.steps += ["scroll"] * n_screens
            if n_screens:
                target.scroll_into_view_if_needed()

    def click(self, target: Locator, *, on_top: bool = False) -> None:
        """Click, after the scrolling that it takes to reach the target.

        Args:
            target: what is pressed.
            on_top: press what is drawn over the target, as over the input of a slider.
        """
        self.see(target)
        expect(target).to_be_enabled(timeout=WAIT_MS)
        target.click(force=on_top)
        self.steps.append("click")

    def choose_files(self, button: Locator, files: Sequence[Path]) -> None:
        """Press a button that asks for files, and choose them: two steps, however many files."""
        with self._page.expect_file_chooser() as chooser:
            self.click(button)
        chooser.value.set_files(files)
        self.steps.append("choose")

    def press(self, key: str) -> None:
        """Press a key."""
        self._page.keyboard.press(key)
        self.steps.append(key)

    def tab_to(self, target: Locator, most: int) -> None:
        """Press Tab until the focus is on the target.

        Args:
            target: what the focus must reach.
            most: presses at most.

        Raises:
            AssertionError: that many presses do not reach it.
        """
        for _ in range(most):
            self.press("Tab")
            self.stops.append(self.focused())
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{most} presses of Tab do not reach {target}: {self.stops[-most:]}")

    def focused(self) -> Stop:
        """What has the focus in the tree that the browser gives to screen readers."""
        found = self._tree.send("Runtime.evaluate", {"expression": "document.activeElement"})
        element = {"objectId": found["result"]["objectId"], "fetchRelatives": False}
        node = self._tree.send("Accessibility.getPartialAXTree", element)["nodes"][0]
        role, name = (node.get(part, {}).get("value", "") for part in ("role", "name"))
        return Stop(role, name)

    def _screens_to(self, target: Locator) -> int:
        """Screens to scroll until the target is in view, its beginning where it is higher."""
        size, box = self._page.viewport_size, target.bounding_box()
        if size is None or box is None:
            raise ValueError("expected a page with a fixed size, and a target that is drawn")
        height = size["height"]
        bottom = box["y"] + min(box["height"], height)
        beyond = max(bottom - height, -box["y"], 0)
        # a pixel of rounding is no step
        return math.ceil(beyond / height) if beyond > 1 else 0
