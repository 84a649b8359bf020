"""The first installation by `make`: calm where it works, complete where it fails."""

import subprocess
import sys
from pathlib import Path


def test_failure_shows_all_that_pip_says(repo_root: Path) -> None:
    script = repo_root / ".ci" / "install_packages.py"
    # nothing is asked of an index
    done = subprocess.run(
        [sys.executable, str(script), "--no-index", "no-such-package-of-maskdet"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "No matching distribution found" in done.stderr
    assert "could not be installed" in done.stderr
    assert "Done" not in done.stdout
