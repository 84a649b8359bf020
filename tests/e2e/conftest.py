"""The real server, a real browser, and pictures made at test time."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks.server import Server, serve

REPO_ROOT = Path(__file__).resolve().parents[2]
Rgb = NDArray[np.uint8]
OpenBrowser = Callable[..., AbstractContextManager[BrowserContext]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(log=tmp_path_factory.mktemp("server") / "server.log") as running:
        yield running


@pytest.fixture(scope="session")
def network() -> Path:
    """The shipped network, without which no verdict can be right."""
    named = os.environ.get("MASKDET_MODEL")
    path = Path(named) if named else REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
    if not path.is_file():
        reason = "models/ holds no network: fetch it or run the training's export"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture
def open_browser(chromium_path: str, tmp_path: Path) -> OpenBrowser:
    """Open a browser with a fresh profile; keyword arguments: video file, size, colour scheme."""

    @contextmanager
    def open_it(
        video: Path | None = None,
        size: tuple[int, int] = (1280, 900),
        scheme: str = "light",
    ) -> Iterator[BrowserContext]:
        arguments = [
            "--no-sandbox",
            "--headless",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ]
        if video is not None:
            arguments += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
            arguments += [f"--use-file-for-fake-video-capture={video}"]
        profile = tmp_path / f"profile-{time.monotonic_ns()}"
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                str(profile),
                executable_path=chromium_path,
                args=arguments,
                viewport={"width": size[0], "height": size[1]},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            context.set_default_timeout(60_000)
            try:
                yield context
            finally:
                context.close()

    return open_it


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Save a screenshot into MASKDET_SCREENSHOTS, else into the test's own folder."""
    folder = Path(os.environ.get("MASKDET_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def save(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=str(path))
        return path

    return save


@pytest.fixture(scope="session")
def bare_rgb(_astronaut: Rgb) -> Rgb:
    """A bare face as a camera sees it, uint8 RGB 480 x 640."""
    return as_camera(_astronaut)


@pytest.fixture(scope="session")
def masked_rgb(_astronaut: Rgb) -> Rgb:
    """The same face with a light blue surgical mask drawn on."""
    return as_camera(draw_mask(_astronaut))


def as_camera(portrait_rgb: Rgb) -> Rgb:
    """The portrait's head and shoulders, without the rocket model beside them."""
    cut = portrait_rgb[: portrait_rgb.shape[0] * 262 // 512, : portrait_rgb.shape[1] * 350 // 512]
    return np.asarray(cv2.resize(cut, (640, 480), interpolation=cv2.INTER_AREA), dtype=np.uint8)


# On the portrait at twice its size, 1024 x 1024: corners of the mask, clockwise from the left end
# of the upper rim, and the ear loops.
MASK_OUTLINE = np.array(
    [
        (367, 244), (402, 237), (424, 225), (446, 221), (468, 225), (492, 238), (528, 250),
        (527, 285), (515, 322), (490, 352), (452, 367), (414, 355), (383, 326), (369, 288),
    ]
)  # fmt: skip
MASK_LOOPS = (
    np.array([(368, 248), (360, 240), (353, 230)]),
    np.array([(375, 314), (360, 288), (354, 262)]),
    np.array([(527, 254), (537, 246), (546, 238)]),
    np.array([(520, 310), (537, 290), (546, 266)]),
)


def draw_mask(picture_rgb: Rgb) -> Rgb:
    """Put a mask on the portrait, with folds, rim, ear loops and the light of the face below.

    Returns:
        The portrait at twice its size.
    """
    picture_rgb = np.asarray(
        cv2.resize(picture_rgb, (1024, 1024), interpolation=cv2.INTER_CUBIC), dtype=np.uint8
    )
    height, width = picture_rgb.shape[:2]
    scale = 4
    shape = np.zeros((height * scale, width * scale), np.uint8)
    cv2.fillPoly(shape, [MASK_OUTLINE * scale], 255)
    alpha = cv2.resize(shape, (width, height), interpolation=cv2.INTER_AREA)
    alpha_share = cv2.GaussianBlur(alpha, (0, 0), 0.8).astype(np.float64)[:, :, None] / 255
    grey = cv2.cvtColor(picture_rgb, cv2.COLOR_RGB2GRAY).astype(np.float64)
    light = cv2.GaussianBlur(grey, (0, 0), 16)
    light = np.clip(0.62 + 0.45 * light / light[alpha > 0].max(), 0.6, 1.06)
    left, top, across, down = cv2.boundingRect(MASK_OUTLINE)
    # A mask bulges: darker to the sides and towards the chin.
    columns = (np.arange(width) - left - across / 2) / (across / 2)
    rows = (np.arange(height) - top) / down
    light = light * (1 - 0.16 * np.clip(columns, -1, 1)[None, :] ** 2)
    light = light * (1 - 0.12 * np.clip(rows, 0, 1)[:, None] ** 2)
    for fold in (0.36, 0.55, 0.74):
        centre = top + down * fold + 9 * (1 - np.clip(columns, -1, 1) ** 2)
        offset = np.arange(height)[:, None] - centre[None, :]
        light = light - 0.13 * np.exp(-((offset / 2.2) ** 2))
        light = light + 0.06 * np.exp(-(((offset + 5) / 3.0) ** 2))
    noise = np.random.default_rng(7).normal(0, 2.0, (height, width, 1))
    cloth = np.clip(np.array([172, 208, 228]) * light[:, :, None] + noise, 0, 255)
    drawn = picture_rgb.astype(np.float64)
    # The cloth's shadow on the skin.
    shadow = cv2.GaussianBlur(alpha, (0, 0), 6).astype(np.float64)[:, :, None] / 255
    drawn = drawn * (1 - 0.22 * shadow)
    drawn = drawn * (1 - alpha_share) + cloth * alpha_share
    result = np.clip(drawn, 0, 255).astype(np.uint8)
    for loop in MASK_LOOPS:
        cv2.polylines(result, [loop], False, (226, 231, 234), 3, cv2.LINE_AA)
    rim = MASK_OUTLINE[:7] + np.array([0, 3])
    cv2.polylines(result, [rim], False, (205, 226, 238), 3, cv2.LINE_AA)
    return result


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Rgb, str], Path]:
    """Write a short MJPEG for the fake camera, in which the picture moves a little."""

    def write(picture_rgb: Rgb, name: str) -> Path:
        path = tmp_path_factory.mktemp("film") / f"{name}.mjpeg"
        with path.open("wb") as output:
            for step in range(24):
                shift = 6 * np.sin(step / 24 * 2 * np.pi)
                matrix = np.array([[1.0, 0.0, shift], [0.0, 1.0, shift / 3]])
                moved = cv2.warpAffine(
                    picture_rgb, matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE
                )
                done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(moved, cv2.COLOR_RGB2BGR))
                if not done:
                    raise RuntimeError("OpenCV could not write a JPEG")
                output.write(jpeg.tobytes())
        return path

    return write


def shown_count(page: Page, verdict: str) -> int:
    """The number of faces in the live page's tile of a verdict; -1 while there is none."""
    tile = page.locator(f'[data-verdict="{verdict}"] b').first
    text = tile.text_content() if tile.count() else None
    return int(text) if text and re.fullmatch(r"\d+", text) else -1
