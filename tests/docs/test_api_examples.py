"""The Python examples of README and API page run, and print what the text below them says."""

import contextlib
import io
import shutil
from pathlib import Path
from typing import Any

import pytest

import maskdet_core
from maskdet_core import LiveProcessor
from testbed.repository import REPO_ROOT
from tests.docs.markdown import Example, examples

API = REPO_ROOT / "docs" / "api.md"
PAGES = {page.name: examples(page) for page in (REPO_ROOT / "README.md", API)}
SAMPLES = REPO_ROOT / "maskdet_app" / "photo" / "samples"
PICTURES = {"photo.jpg": "masked.jpg"}
"""Names in the examples, and the sample picture that stands for each."""


class Session:
    """The blocks of one page, run one after the other with shared names, each once."""

    def __init__(self, blocks: list[Example], folder: Path) -> None:
        self._waiting = list(blocks)
        self._names: dict[str, Any] = {}
        self.folder = folder

    def run_up_to(self, example: Example) -> str:
        """Run what comes before a block and the block itself; what the block printed."""
        printed = ""
        with contextlib.chdir(self.folder):
            while self._waiting and self._waiting[0].line <= example.line:
                block = self._waiting.pop(0)
                if lacks_what_it_shows(block):
                    continue
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    code = "\n" * (block.line - 1) + block.code
                    exec(compile(code, block.label, "exec"), self._names)
                printed = out.getvalue()
        return printed


def lacks_what_it_shows(block: Example) -> bool:
    return "LiveProcessor.load(" in block.code and not hasattr(LiveProcessor, "load")


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Session]:
    made = {}
    for name, blocks in PAGES.items():
        folder = tmp_path_factory.mktemp("examples")
        for picture, sample in PICTURES.items():
            shutil.copy(SAMPLES / sample, folder / picture)
        made[name] = Session(blocks, folder)
    return made


def test_there_are_examples() -> None:
    assert {name: len(blocks) >= 1 for name, blocks in PAGES.items()} == dict.fromkeys(PAGES, True)
    assert sum(block.output is not None for block in PAGES[API.name]) >= 5


@pytest.mark.parametrize(
    ("page", "example"),
    [
        pytest.param(name, block, id=block.label)
        for name, blocks in PAGES.items()
        for block in blocks
    ],
)
def test_example_runs(sessions: dict[str, Session], page: str, example: Example) -> None:
    if lacks_what_it_shows(example):
        pytest.skip("LiveProcessor has no load() yet")
    printed = sessions[page].run_up_to(example)
    if example.output is not None:
        assert printed == example.output


def test_pictures_of_the_examples_are_written(sessions: dict[str, Session]) -> None:
    session = sessions[API.name]
    session.run_up_to(PAGES[API.name][-1])
    for name in ("annotated.jpg", "blurred.png"):
        assert maskdet_core.read_image(session.folder / name).shape == (690, 552, 3)


def test_every_public_name_is_on_the_api_page() -> None:
    text = API.read_text(encoding="utf-8")
    assert [name for name in maskdet_core.__all__ if f"`{name}`" not in text] == []
