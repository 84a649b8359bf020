"""Take screenshots of every page and state, in every form of window.

`python -m testbed.screenshots DIR` starts the app and walks through it with a Chromium in each
form; `--only live photos --forms phone-dark` takes a part. A file is named WALK-STATE-FORM.png.
Where a page is longer than the window, `…-whole.png` shows it to its end. `--readme docs` also
renews the README's pictures, those of them that were taken. All pictures show drawn masks on one
public-domain portrait.
"""

import argparse
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from maskdet_app.ui.texts.i18n import catalogue
from testbed.pictures import drawn_people
from testbed.screens import WALKS, Visit, Walk
from testbed.servers.server import free_port, serve
from testbed.visitors.browser import Browsers

_SETTLE_MS: Final = 900
"""Until charts are drawn, and what moves has come to rest, after a change of the window's size."""
_MOST_SCREENS: Final = 12
"""Of a whole page."""
_NOTHING_STAYS: Final = "[data-testid=stColumn] { position: static !important; }"
"""What stays in view while the page is scrolled would be in each part of a whole page."""


@dataclass(frozen=True, slots=True)
class Form:
    """A window.

    Attributes:
        sizes: width and height in px; a page is pictured in each.
        scheme: "light" or "dark".
        language: of the visitor.
        touch: a phone's screen.
    """

    sizes: tuple[tuple[int, int], ...]
    scheme: str = "light"
    language: str = "en"
    touch: bool = False


_DESKTOP: Final = ((1280, 720), (1600, 1000))
_PHONE: Final = ((390, 844),)
FORMS: Final = {
    "desktop-light": Form(_DESKTOP),
    "desktop-dark": Form(_DESKTOP, "dark"),
    "desktop-es": Form(_DESKTOP[:1], language="es"),
    "phone-light": Form(_PHONE, touch=True),
    "phone-dark": Form(_PHONE, "dark", touch=True),
    "phone-es": Form(_PHONE, language="es", touch=True),
}
"""By name."""

README: Final = {
    "screenshot-photo.png": "results-gallery-desktop-light-1280-whole.png",
    "screenshot-video.png": "video-result-desktop-light-1280-whole.png",
}
"""The README's pictures, by the screenshots that they are made of."""
_COLOURS: Final = 128
"""Of a picture in the README, for a small file."""


def take(name: str, visit: Visit, form: str, folder: Path) -> None:
    """Walk once, and save a picture of each screen in each size of a form."""
    sizes = FORMS[form].sizes
    for state in WALKS[name].steps(visit):
        page = visit.page.context.pages[-1]
        # nothing is pointed at
        page.mouse.move(0, 0)
        for width, height in sizes:
            if len(sizes) > 1:
                page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(_SETTLE_MS)
            stem = f"{name}-{state}-{form}" + (f"-{width}" if len(sizes) > 1 else "")
            page.screenshot(path=folder / f"{stem}.png")
            if (width, height) == sizes[0]:
                take_whole(page, folder / f"{stem}-whole.png")
        if len(sizes) > 1:
            page.set_viewport_size({"width": sizes[0][0], "height": sizes[0][1]})


# How far the page can be scrolled, and its scrolled part; Streamlit scrolls inside of the window.
_SCROLL: Final = """(by) => {
  const part = document.querySelector(".stMain") ?? document.scrollingElement;
  part.scrollTo({ top: by, behavior: "instant" });
  return [part.scrollTop, part.scrollHeight - part.clientHeight];
}"""


def take_whole(page: Page, target: Path) -> None:
    """Save the page to its end, put together of what each scrolling brings into view."""
    (at, most), parts = page.evaluate(_SCROLL, 0), [_shot(page)]
    height = parts[0].shape[0]
    # no more than padding
    if most < height // 12:
        return
    while at < most and len(parts) < _MOST_SCREENS:
        before = at
        # less than a screen: what is fixed to the top of the window hides some of it
        at, most = page.evaluate(_SCROLL, at + height * 3 // 4)
        if at <= before:
            break
        page.wait_for_timeout(_SETTLE_MS // 3)
        parts.append(_shot(page)[height - round(at - before) :])
    page.evaluate(_SCROLL, 0)
    Image.fromarray(np.vstack(parts)).save(target)


def _shot(page: Page) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(page.screenshot(style=_NOTHING_STAYS))) as shot:
        return np.asarray(shot.convert("RGB"))


@contextmanager
def _visits(
    browsers: Browsers, folder: Path
) -> Iterator[Callable[[Walk, Form], AbstractContextManager[Visit]]]:
    """A function that opens a browser, and a server where a walk needs one, for one visit."""
    port = free_port()
    films = {"people": drawn_people.before_camera(), "nobody": drawn_people.wall()}
    cameras = {name: _write_film(one, folder / f"{name}.mjpeg") for name, one in films.items()}
    listed = folder / "cameras.toml"
    listed.write_text(f'Entrance = "http://127.0.0.1:{port}/"\n', encoding="utf-8")

    with serve() as common:

        @contextmanager
        def visit(walk: Walk, form: Form) -> Iterator[Visit]:
            with ExitStack() as stack:
                server = common
                if walk.settings is not None:
                    settings = dict(walk.settings)
                    if walk.has_network_camera:
                        settings["MASKDET_CAMERAS"] = str(listed)
                    server = stack.enter_context(serve(**settings))
                opened = browsers.open(
                    video=cameras.get(walk.camera or ""),
                    size=form.sizes[0],
                    scheme=form.scheme,
                    locale="es-ES" if form.language == "es" else "en-US",
                    refuse_camera=walk.camera == "refused",
                    touch=form.touch,
                )
                page = stack.enter_context(opened).new_page()
                yield Visit(page, server, catalogue(form.language), port)

        yield visit


def _write_film(picture_rgb: NDArray[np.uint8], target: Path) -> Path:
    """Write a film in which a picture sways, as MJPEG for the browser's fake camera."""
    target.write_bytes(b"".join(map(drawn_people.jpeg_bytes, drawn_people.swaying(picture_rgb))))
    return target


def renew_readme(taken: Path, docs: Path) -> list[Path]:
    """Write the README's pictures, in few colours.

    Args:
        taken: folder of the screenshots.
        docs: folder of the README's pictures.

    Returns:
        The files written: of `README`, those whose screenshot is there.
    """
    written = []
    for name, source in README.items():
        if not (taken / source).is_file():
            continue
        with Image.open(taken / source) as shot:
            few = shot.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(docs / name, optimize=True)
        written.append(docs / name)
    return written


def main() -> int:
    """Take the screenshots that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m testbed.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=tuple(WALKS), default=tuple(WALKS))
    parser.add_argument("--forms", nargs="+", choices=tuple(FORMS), default=tuple(FORMS))
    parser.add_argument("--readme", type=Path, metavar="DOCS", help="renew the README's pictures")
    options = parser.parse_args()
    chromium = os.environ.get("MASKDET_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        print("error: expected a Chromium, found none", file=sys.stderr)
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as temporary,
        Browsers(chromium) as browsers,
        _visits(browsers, Path(temporary)) as visits,
    ):
        for name in options.only:
            for form in options.forms:
                with visits(WALKS[name], FORMS[form]) as visit:
                    take(name, visit, form, options.folder)
                print(f"{name}, {form}", flush=True)
    if options.readme is not None:
        for path in renew_readme(options.folder, options.readme):
            print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
