"""A session with live video, uploads and downloads leaves no files and no names in the log.

The disk is looked at all the time, also while photos arrive: a temporary file is gone afterwards.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from maskdet_app.photo import upload
from maskdet_app.ui.texts.i18n import t
from testbed.servers.server import Server, serve

LARGE_BYTES = 6_000_000
"""Starlette writes uploads above 1 MB to temporary files unless told otherwise."""
LOOK_S = 0.005
NOT_PICTURES = ("/dev/shm/.org.chromium", "/dev/shm/sem.")
WAIT_MS = 60_000
SECRET = "holiday-with-anna"

pytestmark = pytest.mark.browser


def files_below(*folders: Path) -> dict[str, tuple[int, int]]:
    """Size and modification time of every file below some folders."""
    found = {}
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                path = Path(root) / name
                try:
                    stat = path.stat()
                except OSError:
                    continue
                found[str(path)] = (stat.st_size, stat.st_mtime_ns)
    return found


def large_photo() -> bytes:
    """A valid JPEG of more than 6 MB: noise."""
    noise = np.random.default_rng(0).integers(0, 256, (2200, 2600, 3), np.uint8)
    encoded, jpeg = cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert encoded
    assert len(jpeg) > LARGE_BYTES
    return jpeg.tobytes()


@contextmanager
def watch_files(server: Server, *folders: Path) -> Iterator[set[str]]:
    """Look all the time: names of new files, and of open files that have no name any more."""
    seen: set[str] = set()
    before = files_below(*folders)
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(LOOK_S):
            now = files_below(*folders)
            seen.update(path for path in now if before.get(path) != now[path])
            seen.update(
                path for path in server.open_files() if "(deleted)" in path and "/dev/" not in path
            )

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def test_no_file_is_written_and_no_name_is_logged(
    tmp_path: Path,
    network: Path,
    open_browser: Any,
    masked_film: Path,
    repo_root: Path,
) -> None:
    log = tmp_path / "server.log"
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    for folder in (home, scratch):
        folder.mkdir()
    sample = (upload.SAMPLES_FOLDER / "masked.jpg").read_bytes()
    folders = (home, scratch, Path("/dev/shm"), repo_root / "maskdet_app", repo_root / "models")
    environment = {"HOME": str(home), "TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}
    with serve(log=log, **environment) as server, open_browser(video=masked_film) as browser:
        page = browser.new_page()
        # the first visit to this page copies the video component's front end, without pictures
        page.goto(server.url)
        start = page.frame_locator("iframe[title*='webrtc_streamer']").get_by_role("button")
        start.filter(has_text=t("live.start")).wait_for(timeout=WAIT_MS)
        page.goto(f"{server.url}/photo")
        page.get_by_role("button", name=t("photo.samples")).wait_for(timeout=WAIT_MS)
        before = files_below(*folders)

        file = {"mimeType": "image/jpeg", "buffer": sample}
        large = {"mimeType": "image/jpeg", "buffer": large_photo()}
        with watch_files(server, home, scratch) as seen:
            page.locator("input[type=file]").set_input_files(
                [{"name": f"{SECRET}-{n}.jpg", **file} for n in (1, 2)]
                + [{"name": f"{SECRET}-large-{n}.jpg", **large} for n in (1, 2)]
                + [{"name": f"{SECRET}-bad.jpg", "mimeType": "image/jpeg", "buffer": b"bad"}]
            )
            csv = page.get_by_role("button", name=t("photo.csv"))
            expect(csv).to_be_enabled(timeout=WAIT_MS)
        assert seen == set()
        with page.expect_download(timeout=WAIT_MS):
            csv.click()
        page.get_by_role("button", name=t("photo.zip"), exact=True).click()
        ready = page.get_by_role("button", name=t("photo.zip_ready"))
        with page.expect_download(timeout=WAIT_MS):
            ready.click(timeout=WAIT_MS)

        page.goto(server.url)
        frame = page.frame_locator("iframe[title*='webrtc_streamer']")
        frame.get_by_role("button", name=t("live.start"), exact=False).click(timeout=WAIT_MS)
        tile = page.locator('[data-verdict="with_mask"] b').first
        expect(tile).to_have_text("1", timeout=WAIT_MS)
        open_files = server.open_files()
        after = files_below(*folders)
        page.close()
    # Chromium's own shared memory is not the server's; semaphores hold no pictures.
    changed = {path for path in after if before.get(path) != after[path]}
    assert {path for path in changed if not path.startswith(NOT_PICTURES)} == set()
    assert not [path for path in open_files if "(deleted)" in path and "/dev/" not in path]
    logged = log.read_text(encoding="utf-8", errors="replace")
    assert logged
    assert SECRET not in logged
    assert "Traceback" not in logged
