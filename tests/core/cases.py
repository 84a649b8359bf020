"""Small inputs on which the product once failed, kept beside the checkout."""

from pathlib import Path

import pytest

from testbed.repository import REPO_ROOT

CASES = REPO_ROOT.parent / "shared" / "cases"


def case(name: str) -> Path:
    """A case's file; skips the test where the cases are absent."""
    path = CASES / name
    if not path.is_file():
        pytest.skip(f"../shared/cases/{name} is absent")
    return path
