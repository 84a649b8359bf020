"""The server, a real browser, and pictures and films for the fake camera."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page

from testbed.pictures import camera_films
from testbed.repository import REPO_ROOT
from testbed.servers.server import Server, serve
from testbed.visitors.browser import Browsers
from train.samples import portrait as samples

Rgb = NDArray[np.uint8]
OpenBrowser = Callable[..., AbstractContextManager[BrowserContext]]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(log=tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running


@pytest.fixture(scope="session")
def network() -> Path:
    """The manifest of the network in use; without one a skip, and under CI a failure."""
    from_environment = os.environ.get("MASKDET_MODEL")
    path = (
        Path(from_environment)
        if from_environment
        else REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
    )
    if not path.is_file():
        reason = "models/ holds no network: fetch it or run the training's export"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="module")
def browsers(chromium_path: str) -> Iterator[Browsers]:
    # not of the session: tests in other folders run event loops of their own
    with Browsers(chromium_path) as running:
        yield running


@pytest.fixture
def open_browser(browsers: Browsers) -> OpenBrowser:
    """Open a browser as a new visitor has it; see `testbed.visitors.browser.Browsers.open`."""
    return browsers.open


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Save a screenshot to MASKDET_SCREENSHOTS, else to the test's own folder."""
    folder = Path(os.environ.get("MASKDET_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def save(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=str(path))
        return path

    return save


@pytest.fixture(scope="session")
def bare_rgb(portrait: Rgb) -> Rgb:
    """A camera picture of a bare face, uint8 (480, 640, 3) RGB."""
    return samples.as_camera(portrait)


@pytest.fixture(scope="session")
def masked_rgb(portrait: Rgb) -> Rgb:
    """The same face with a drawn light blue surgical mask."""
    return samples.as_camera(samples.draw_mask(portrait))


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Rgb, str], Path]:
    """Write a short film for the fake camera, in which a picture sways."""

    def write(picture_rgb: Rgb, name: str) -> Path:
        frames = []
        for angle in np.linspace(0, 2 * np.pi, 16, endpoint=False):
            shift = 6 * np.sin(angle)
            matrix = np.array([[1.0, 0.0, shift], [0.0, 1.0, shift / 3]])
            moved = cv2.warpAffine(picture_rgb, matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE)
            frames.append(np.asarray(moved, np.uint8))
        return camera_films.write(tmp_path_factory.mktemp("film") / f"{name}.y4m", frames)

    return write


@pytest.fixture(scope="session")
def masked_film(film: Callable[[Rgb, str], Path], masked_rgb: Rgb) -> Path:
    """The film of the masked face."""
    return film(masked_rgb, "masked")


@pytest.fixture(scope="session")
def bare_film(film: Callable[[Rgb, str], Path], bare_rgb: Rgb) -> Path:
    """The film of the bare face."""
    return film(bare_rgb, "bare")


@pytest.fixture
def camera_browser(open_browser: OpenBrowser, masked_film: Path) -> Iterator[BrowserContext]:
    """A browser whose camera shows the masked face."""
    with open_browser(video=masked_film) as opened:
        yield opened
