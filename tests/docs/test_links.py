"""Links, paths and options in the documentation exist."""

import re
from pathlib import Path

import pytest

from maskdet_core.batch.photos.report import COLUMNS
from maskdet_core.command_line import cli
from testbed.repository import REPO_ROOT
from tests.docs.markdown import pages

CODE_FOLDERS = (
    *("maskdet_core", "maskdet_app", "train", "testbed", "tests", "benchmarks", "pages"),
    *("models", "hosting"),
)
# it names folders as they are inside the wheel
OF_THE_WHEEL = "docs/release.md"
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
_PATH = re.compile(rf"`((?:{'|'.join(CODE_FOLDERS)})/[\w./*-]*)`")


def name(page: Path) -> str:
    return str(page.relative_to(REPO_ROOT))


@pytest.mark.parametrize("page", pages(), ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [found[1] for found in _LINK.finditer(page.read_text(encoding="utf-8"))]
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [page for page in pages() if name(page) != OF_THE_WHEEL], ids=name)
def test_paths_exist(page: Path) -> None:
    paths = set(_PATH.findall(page.read_text(encoding="utf-8")))
    assert sorted(path for path in paths if not any(REPO_ROOT.glob(path))) == []


@pytest.mark.parametrize("command", ["check", "classify", "watch", "app"])
def test_every_option_is_documented(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    main = pytest.importorskip("maskdet_app.command").main if command == "app" else cli.main
    assert main([command, "--help"]) == 0
    options = set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out)) - {"--help"}
    assert options
    text = (REPO_ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert sorted(option for option in options if f"`{option}" not in text) == []


def test_every_column_is_documented() -> None:
    text = (REPO_ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [column for column in COLUMNS if f"`{column}`" not in text] == []
