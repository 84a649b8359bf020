"""Markdown files of the repository and the code blocks in them."""

import re
from dataclasses import dataclass
from pathlib import Path

from testbed.repository import REPO_ROOT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A Python block.

    Attributes:
        label: file and line, for test names and tracebacks.
        line: of its first code line in the file.
        code: the code.
        output: what it prints by the text block right after it; None without such a block.
    """

    label: str
    line: int
    code: str
    output: str | None


def pages() -> list[Path]:
    """Every Markdown file that describes the project as it is now."""
    top = [REPO_ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    return [*top, *sorted((REPO_ROOT / "docs").rglob("*.md"))]


def examples(page: Path) -> list[Example]:
    """The Python blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    blocks = list(_FENCE.finditer(text))
    found = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] != "python":
            continue
        line = text.count("\n", 0, block.start(2)) + 1
        printed = None
        if following is not None and following[1] == "text":
            between = text[block.end() : following.start()]
            printed = following[2] if not between.strip() else None
        found.append(Example(f"{page.name}:{line}", line, block[2], printed))
    return found
