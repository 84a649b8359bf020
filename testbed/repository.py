"""Where the repository lies, whose files tests and benchmarks read."""

from pathlib import Path
from typing import Final

REPO_ROOT: Final = Path(__file__).resolve().parents[1]
"""The top of the checkout."""
