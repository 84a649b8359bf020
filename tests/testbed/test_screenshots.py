"""A picture of a whole page has each part of it once."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from testbed import screenshots
from testbed.pictures import drawn_people
from testbed.visitors.browser import Browsers

pytestmark = pytest.mark.browser

# Streamlit's page in short: a bar that stays, and a part that scrolls, from blue to red.
SCROLLED = """<body style="margin:0"><div style="position:fixed;top:0;height:40px;width:100%;
background:#000;z-index:1"></div><div class="stMain" style="height:100vh;overflow:auto">
<div style="height:1600px;background:linear-gradient(rgb(0,0,255),rgb(255,0,0))"></div></div>"""


@pytest.fixture(scope="module")
def page(chromium_path: str) -> Any:
    with Browsers(chromium_path) as browsers, browsers.open(size=(300, 400)) as browser:
        page = browser.new_page()
        page.set_content(SCROLLED)
        yield page


def test_a_whole_page_goes_on_evenly_to_its_end(page: Any, tmp_path: Path) -> None:
    target = tmp_path / "whole.png"
    screenshots.take_whole(page, target)
    with Image.open(target) as picture:
        red = np.asarray(picture.convert("RGB")).astype(int)[40:, 150, 0]
    assert len(red) == 1600 - 40
    rows = np.arange(40, 1600)
    # the browser rounds, and a row too many or too few in each part would add up
    assert np.abs(red - 255 * (rows + 0.5) / 1600).max() <= 1.5
    assert page.evaluate("document.querySelector('.stMain').scrollTop") == 0


def test_a_page_that_fits_has_no_further_picture(page: Any, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 300, "height": 1600})
    screenshots.take_whole(page, tmp_path / "whole.png")
    assert list(tmp_path.iterdir()) == []


def test_the_readme_gets_those_of_its_pictures_that_were_taken(tmp_path: Path) -> None:
    name, source = next(iter(screenshots.README.items()))
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 255, (72, 128, 3), np.uint8)).save(tmp_path / source)
    docs = tmp_path / "docs"
    docs.mkdir()
    assert screenshots.renew_readme(tmp_path, docs) == [docs / name]
    with Image.open(docs / name) as made:
        assert (made.size, made.mode) == ((128, 72), "P")
    assert (docs / name).stat().st_size < (tmp_path / source).stat().st_size


def test_every_picture_of_the_readme_is_one_that_is_taken() -> None:
    for source in screenshots.README.values():
        walk, _, rest = source.partition("-")
        assert walk in screenshots.WALKS
        assert any(form in rest for form in screenshots.FORMS)


def test_the_group_has_a_picture_for_each_place() -> None:
    picture = drawn_people.group(3, 2)
    assert picture.shape == (960, 1320, 3)
    with Image.open(io.BytesIO(drawn_people.jpeg_bytes(picture))) as opened:
        assert opened.size == (1320, 960)
