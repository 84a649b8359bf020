"""The photo page in a real browser: time, responsiveness and memory for many photos, downloads."""

import argparse
import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from benchmarks.peak_memory import PeakMemory
from maskdet_app.ui.texts.i18n import t
from maskdet_core.command_line.inputs import list_pictures
from testbed.servers.server import serve
from testbed.visitors.browser import Browsers

WAIT_MS = 600_000
SETTLE_S = 6.0

# Measures the longest time between two frames of the page, in ms: it could not respond meanwhile.
MEASURE_LONGEST_GAP = """
() => {
  window.longestGap = 0; let last = performance.now();
  const tick = () => {
    const now = performance.now();
    window.longestGap = Math.max(window.longestGap, now - last); last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}
"""


def add_parser(names: Any) -> None:
    """Register the benchmark and its options."""
    parser = names.add_parser("photo_page", help="upload many photos to the photo page at once")
    parser.add_argument("folder", type=Path, help="folder of photos, searched recursively")
    parser.add_argument("--photos", type=int, default=200, metavar="N")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Upload photos and print time, responsiveness, memory and whether the downloads agree."""
    paths = list(list_pictures([options.folder]))[: options.photos]
    with (
        serve() as server,
        Browsers(options.chromium) as browsers,
        browsers.open() as browser,
    ):
        page = browser.new_page()
        page.goto(f"{server.url}/photo")
        _warm_up(page)
        time.sleep(SETTLE_S)
        before_mb = server.usage().rss_mb
        with PeakMemory(lambda: server.usage().rss_mb) as peak:
            total_s, response_s = _upload(page, paths)
        checked_mb = server.usage().rss_mb
        gap_ms = page.evaluate("window.longestGap")
        downloads = _download_all(page)
        _remove_all(page)
        removed_mb = server.usage().rss_mb
        # The first round also fills caches that stay, such as the allocator's.
        _upload(page, paths)
        _remove_all(page)
        removed_again_mb = server.usage().rss_mb
    print(f"{len(paths)} photos uploaded at once, all checked: {total_s:.1f} s")
    print(f"response to a filter clicked meanwhile: {response_s:.2f} s")
    print(f"longest time without a frame in the browser: {gap_ms / 1000:.2f} s")
    print(
        f"memory of the server: {before_mb:.0f} MB before, {peak.rss_mb:.0f} MB at the peak, "
        f"{checked_mb:.0f} MB with all results, {removed_mb:.0f} MB after removing them, "
        f"{removed_again_mb:.0f} MB after a second round"
    )
    return _compare(downloads, paths)


def _warm_up(page: Page) -> None:
    page.get_by_role("button", name=t("photo.samples")).click()
    expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
    _remove_all(page)


def _remove_all(page: Page) -> None:
    page.get_by_role("button", name=t("photo.forget")).click()
    expect(page.get_by_text(t("photo.empty"))).to_be_visible(timeout=WAIT_MS)
    time.sleep(SETTLE_S)


def _upload(page: Page, paths: Sequence[Path]) -> tuple[float, float]:
    """Upload photos, click a filter meanwhile, wait for all.

    Returns:
        Seconds until all photos are checked, and until the page responds to the click.
    """
    page.evaluate(MEASURE_LONGEST_GAP)
    started = time.monotonic()
    page.locator("input[type=file]").set_input_files([str(path) for path in paths])
    filter_button = page.get_by_role("button", name=t("photo.filter_with_mask"), exact=True)
    filter_button.wait_for(timeout=WAIT_MS)
    clicked = time.monotonic()
    filter_button.click()
    page.wait_for_function("() => new URLSearchParams(location.search).has('show')")
    response_s = time.monotonic() - clicked
    filter_button.click()
    expect(page.get_by_role("button", name=t("photo.csv"))).to_be_enabled(timeout=WAIT_MS)
    return time.monotonic() - started, response_s


def _download_all(page: Page) -> dict[str, bytes]:
    reports = {name: _download(page, t(f"photo.{name}")) for name in ("csv", "json")}
    page.get_by_role("button", name=t("photo.zip"), exact=True).click()
    ready = page.get_by_role("button", name=t("photo.zip_ready"))
    ready.wait_for(timeout=WAIT_MS)
    return reports | {"zip": _download(page, t("photo.zip_ready"))}


def _download(page: Page, name: str) -> bytes:
    with page.expect_download(timeout=WAIT_MS) as download:
        page.get_by_role("button", name=name).click()
    return Path(download.value.path()).read_bytes()


def _compare(downloads: dict[str, bytes], paths: Sequence[Path]) -> int:
    """Print whether CSV, JSON, zip and command line agree on every face; 0 if they do, else 1."""
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "faces.csv"
        command = [sys.executable, "-m", "maskdet_core", "check", "--csv", str(table)]
        subprocess.run([*command, *map(str, paths)], check=True, capture_output=True)
        from_cli = _rows(table.read_bytes())
    from_csv = _rows(downloads["csv"])
    from_json = [
        (Path(photo["path"]).name, *face["box_xywh"], face["verdict"])
        for photo in json.loads(downloads["json"])
        for face in photo["faces"]
    ]
    with zipfile.ZipFile(io.BytesIO(downloads["zip"])) as archive:
        from_zip = _rows(archive.read("faces.csv"))
        n_pictures = sum(name.endswith(".jpg") for name in archive.namelist())
    faces = [row[:-1] for row in from_csv if row[-2]]
    agree = from_csv == from_cli == from_zip and faces == from_json
    print(
        f"downloads: {len(from_json)} faces, {n_pictures} annotated photos; "
        f"CSV, JSON, zip and command line {'agree' if agree else 'DISAGREE'}"
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
