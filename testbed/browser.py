"""A Chromium that is installed on this machine, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

TIMEOUT_MS = 60_000
_ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def open_browser(
    executable: str,
    profile: Path,
    *,
    video: Path | None = None,
    size: tuple[int, int] = (1280, 900),
    scheme: str = "light",
    locale: str = "en-US",
    refuse_camera: bool = False,
) -> Iterator[BrowserContext]:
    """Open a browser with its own profile and close it afterwards.

    Args:
        executable: path of a Chromium.
        profile: an empty folder.
        video: MJPEG or Y4M file that the fake camera plays; None for no camera.
        size: width and height of the window's content in px.
        scheme: "light" or "dark".
        locale: language that the browser requests.
        refuse_camera: answer the browser's question for the fake camera with no.
    """
    arguments = list(_ARGUMENTS)
    if video is not None:
        arguments += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        arguments += [f"--use-file-for-fake-video-capture={video}"]
    if refuse_camera:
        arguments += ["--use-fake-device-for-media-stream", "--deny-permission-prompts"]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=executable,
            args=arguments,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=locale,
        )
        context.set_default_timeout(TIMEOUT_MS)
        try:
            yield context
        finally:
            context.close()
