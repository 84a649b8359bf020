"""The photo page in a real browser: many photos at once, the page under way, memory, exports."""

import argparse
import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from maskdet_app.ui.i18n import t
from maskdet_core.batch.pictures import list_pictures
from testbed.browser import open_browser
from testbed.server import Server, serve

WAIT_MS = 600_000
SETTLE_S = 6.0

# The longest time in which the page could not have answered to anything, in ms.
HEARTBEAT = """
() => {
  window.longestGap = 0; let last = performance.now();
  const beat = () => {
    const now = performance.now();
    window.longestGap = Math.max(window.longestGap, now - last); last = now;
    requestAnimationFrame(beat);
  };
  requestAnimationFrame(beat);
}
"""


def add_parser(names: Any) -> None:
    """Register the benchmark and its options."""
    parser = names.add_parser("desk", help="many photos dropped onto the photo page at once")
    parser.add_argument("folder", type=Path, help="photographs, at any depth")
    parser.add_argument("--photos", type=int, default=200, metavar="N")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Drop photos onto the page and print what it took."""
    paths = list(list_pictures([options.folder]))[: options.photos]
    with (
        tempfile.TemporaryDirectory() as scratch,
        serve() as server,
        open_browser(options.chromium, Path(scratch) / "profile") as browser,
    ):
        page = browser.new_page()
        page.goto(f"{server.url}/photo")
        _warm_up(page)
        time.sleep(SETTLE_S)
        before = server.usage().rss_mb
        with Peak(server) as peak:
            took_s, answered_s = _hand_in(page, paths)
        checked = server.usage().rss_mb
        gap_ms = page.evaluate("window.longestGap")
        exports = _exports(page)
        _forget(page)
        after = server.usage().rss_mb
        # the first time fills what is kept for good, such as the allocator's own store
        _hand_in(page, paths)
        _forget(page)
        again = server.usage().rss_mb
    print(f"{len(paths)} photos dropped at once, all checked: {took_s:.1f} s")
    print(f"a filter clicked under way shows after: {answered_s:.2f} s")
    print(f"longest time in which the browser drew nothing: {gap_ms / 1000:.2f} s")
    print(
        f"server's memory: {before:.0f} MB before, {peak.rss_mb:.0f} MB at most, {checked:.0f} MB "
        f"with all results, {after:.0f} MB after “remove”, {again:.0f} MB after a second time"
    )
    return _compare(exports, paths)


class Peak:
    """The most memory that the server had while this was open."""

    def __init__(self, server: Server) -> None:
        """Begin with what it has now."""
        self._server, self._over = server, threading.Event()
        self.rss_mb = server.usage().rss_mb
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self.rss_mb = max(self.rss_mb, self._server.usage().rss_mb)


def _warm_up(page: Page) -> None:
    page.get_by_role("button", name=t("photo.samples")).click()
    expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
    _forget(page)


def _forget(page: Page) -> None:
    page.get_by_role("button", name=t("photo.forget")).click()
    expect(page.get_by_text(t("photo.empty"))).to_be_visible(timeout=WAIT_MS)
    time.sleep(SETTLE_S)


def _hand_in(page: Page, paths: Sequence[Path]) -> tuple[float, float]:
    """Drop photos, click a filter while they are checked, wait for all; seconds of both."""
    page.evaluate(HEARTBEAT)
    began = time.monotonic()
    page.locator("input[type=file]").set_input_files([str(path) for path in paths])
    # “pill” is how the page shows the filter
    pill = page.get_by_role("button", name=t("photo.filter_with_mask"), exact=True)
    pill.wait_for(timeout=WAIT_MS)
    clicked = time.monotonic()
    pill.click()
    page.wait_for_function("() => new URLSearchParams(location.search).has('show')")
    answered_s = time.monotonic() - clicked
    pill.click()
    expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
    return time.monotonic() - began, answered_s


def _exports(page: Page) -> dict[str, bytes]:
    taken = {name: _download(page, t(f"photo.{name}")) for name in ("csv", "json")}
    page.get_by_role("button", name=t("photo.zip"), exact=True).click()
    ready = page.get_by_role("button", name=t("photo.zip_ready"))
    ready.wait_for(timeout=WAIT_MS)
    return taken | {"zip": _download(page, t("photo.zip_ready"))}


def _download(page: Page, name: str) -> bytes:
    with page.expect_download(timeout=WAIT_MS) as download:
        page.get_by_role("button", name=name).click()
    return Path(download.value.path()).read_bytes()


def _compare(exports: dict[str, bytes], paths: Sequence[Path]) -> int:
    """Whether CSV, JSON, zip and command line agree on every face."""
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "faces.csv"
        command = [sys.executable, "-m", "maskdet_core", "check", "--csv", str(table)]
        subprocess.run([*command, *map(str, paths)], check=True, capture_output=True)
        said = _rows(table.read_bytes())
    shown = _rows(exports["csv"])
    told = [
        (Path(photo["path"]).name, *face["box_xywh"], face["verdict"])
        for photo in json.loads(exports["json"])
        for face in photo["faces"]
    ]
    with zipfile.ZipFile(io.BytesIO(exports["zip"])) as packed:
        in_zip = _rows(packed.read("faces.csv"))
        n_pictures = sum(name.endswith(".jpg") for name in packed.namelist())
    with_faces = [row[:-1] for row in shown if row[-2]]
    agree = shown == said == in_zip and with_faces == told
    print(
        f"exports: {len(told)} faces, {n_pictures} annotated pictures; CSV, JSON, zip and command "
        f"line {'agree' if agree else 'DISAGREE'}"
    )
    return 0 if agree else 1


def _rows(table: bytes) -> list[tuple[Any, ...]]:
    """File name, box, verdict and probability of each row."""
    return [
        (
            Path(row["photo"]).name,
            *(int(row[f"{side}_px"]) if row[f"{side}_px"] else None for side in "xywh"),
            row["verdict"],
            row["p_with_mask"],
        )
        for row in csv.DictReader(io.StringIO(table.decode("utf-8-sig")))
    ]
