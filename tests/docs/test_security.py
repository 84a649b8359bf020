"""SECURITY.md names tests that exist, and every row of its tables says how a promise is tested."""

import re

from testbed.repository import REPO_ROOT

TEXT = (REPO_ROOT / "SECURITY.md").read_text(encoding="utf-8")
HEAD = "| promise | how it is tested | what is not promised |"


def rows() -> list[list[str]]:
    lines = [line for line in TEXT.splitlines() if line.startswith("| ") and line != HEAD]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_named_test_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    assert len(named) >= 30
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(
            rf"^(?:async )?def {name}\(", (REPO_ROOT / file).read_text("utf-8"), re.MULTILINE
        )
    ]
    assert missing == []


def test_every_promise_has_a_test_or_says_what_is_not_promised() -> None:
    assert len(rows()) >= 20
    for row in rows():
        promise, tests, not_promised = row
        assert promise
        assert "::test_" in tests or (not tests and not_promised), promise
