"""A fresh Python interpreter, to see what importing a module loads."""

import subprocess
import sys
from pathlib import Path

from testbed.repository import REPO_ROOT


def run_python(code: str, folder: Path = REPO_ROOT) -> str:
    """Run code in a new interpreter.

    Args:
        code: of Python.
        folder: working directory, from which the code's imports are resolved first.

    Returns:
        What it printed, without white space around it.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
