"""The benchmarks that the documentation names."""

import re

import pytest

from benchmarks.__main__ import main
from testbed.repository import REPO_ROOT
from tests.docs.markdown import pages

RESULTS = REPO_ROOT / "benchmarks" / "RESULTS.md"
_COMMAND = re.compile(r"`python -m benchmarks ([a-z]\w*)([^`]*)`")


def commands() -> list[tuple[str, str]]:
    """Name and arguments, as a page writes them."""
    texts = [page.read_text(encoding="utf-8") for page in [RESULTS, *pages()]]
    return sorted({(found[1], found[2]) for text in texts for found in _COMMAND.finditer(text)})


@pytest.mark.parametrize(("name", "arguments"), commands())
def test_benchmark_and_its_options_exist(
    name: str, arguments: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    options = set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out))
    assert set(re.findall(r"--[a-z][a-z-]*", arguments)) <= options


def test_every_result_names_its_command() -> None:
    headings = re.findall(r"^## (.*)$", RESULTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings
    assert [heading for heading in headings if not _COMMAND.fullmatch(heading)] == []
