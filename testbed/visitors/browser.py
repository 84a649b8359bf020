"""A Chromium that is installed on this machine, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from playwright.sync_api import Browser, BrowserContext, sync_playwright

TIMEOUT_MS: Final = 60_000
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Browsers:
    """Opens browsers as new visitors have them, without cookies, storage and cache.

    Starting a Chromium costs more than what most tests do in it. So one process serves visitors in
    turn, each in a context of its own, until one with another camera comes.
    """

    def __init__(self, executable: str) -> None:
        """Prepare; `with` ends the browser.

        Args:
            executable: path of a Chromium.
        """
        self._executable = executable
        self._browser: Browser | None = None
        self._camera: list[str] = []

    def __enter__(self) -> Self:
        """Start Playwright's driver."""
        self._playwright = sync_playwright().start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the browser and the driver."""
        self._close()
        self._playwright.stop()

    @contextmanager
    def open(
        self,
        *,
        video: Path | None = None,
        size: tuple[int, int] = (1280, 900),
        scheme: str = "light",
        locale: str = "en-US",
        refuse_camera: bool = False,
        touch: bool = False,
    ) -> Iterator[BrowserContext]:
        """Open a browser and close it afterwards; one at a time.

        Args:
            video: MJPEG or Y4M file that the fake camera plays; None for no camera.
            size: width and height of the window's content in px.
            scheme: "light" or "dark".
            locale: language that the browser requests.
            refuse_camera: answer the browser's question for the fake camera with no.
            touch: the screen is a phone's, for fingers.
        """
        context = self._with_camera(video, refuse_camera).new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            locale=locale,
            is_mobile=touch,
            has_touch=touch,
        )
        context.set_default_timeout(TIMEOUT_MS)
        try:
            yield context
            context.close()
        except BaseException:
            # what a failed test left in the browser must not fail the next
            self._close()
            raise

    def _with_camera(self, video: Path | None, refuse_camera: bool) -> Browser:
        camera: list[str] = []
        if video is not None:
            camera += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
            camera += [f"--use-file-for-fake-video-capture={video}"]
        if refuse_camera:
            camera += ["--use-fake-device-for-media-stream", "--deny-permission-prompts"]
        if self._browser is None or self._camera != camera:
            self._close()
            self._browser = self._playwright.chromium.launch(
                executable_path=self._executable, args=[*_ARGUMENTS, *camera]
            )
            self._camera = camera
        return self._browser

    def _close(self) -> None:
        if self._browser is not None:
            self._browser.close()
            self._browser = None
