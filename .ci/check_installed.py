"""Check an installed Maskdet from outside the checkout: verdicts of the samples, pages of the app.

Run it with the Python of an environment that the wheel was installed into. Needs nothing else.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

REPO_ROOT = Path(__file__).resolve().parents[1]
SAMPLES = REPO_ROOT / "maskdet_app" / "photo" / "samples"
VERDICTS = {"bare.jpg": "without_mask", "hand.jpg": "without_mask", "masked.jpg": "with_mask"}
PORT = 8599
START_S = 120.0


def run(command: list[str], folder: str) -> str:
    """Run a command in a folder; what it printed."""
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout


def check_commands(maskdet: str, folder: str) -> None:
    """Check version, verdicts and classification."""
    print(run([maskdet, "--version"], folder).strip())
    paths = [str(SAMPLES / name) for name in VERDICTS]
    lines = run([maskdet, "check", *paths, "--format", "json"], folder).splitlines()
    found = {
        Path(row["path"]).name: [face["verdict"] for face in row["faces"]]
        for row in map(json.loads, lines)
    }
    expected = {name: [verdict] for name, verdict in VERDICTS.items()}
    if found != expected:
        sys.exit(f"expected the verdicts {expected}, got {found}")
    row = json.loads(run([maskdet, "classify", paths[0], "--format", "json"], folder))
    if row["error"] is not None:
        sys.exit(f"expected a classified picture, got {row}")
    print(found)


def check_app(maskdet: str, folder: str) -> None:
    """Check that ``maskdet app`` serves its health and all pages."""
    command = [maskdet, "app", "--port", str(PORT), "--address", "127.0.0.1"]
    process = subprocess.Popen([*command, "--", "--server.headless", "true"], cwd=folder)
    try:
        deadline = time.monotonic() + START_S
        while not answers("_stcore/health"):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"expected a server on port {PORT} within {START_S:.0f} s, got none")
            time.sleep(0.5)
        for page in ("", "photo", "metrics", "about"):
            if not answers(page):
                sys.exit(f"expected the page /{page}, got an error")
            print(f"/{page} is served")
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(path: str) -> bool:
    """Whether the server answers a path with success."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{path}", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    """Run all checks; exits with a message on the first that fails."""
    scripts = str(Path(sys.executable).parent)
    maskdet = shutil.which("maskdet", path=scripts) or shutil.which("maskdet")
    if maskdet is None:
        sys.exit("expected the command maskdet, found none: install the wheel first")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        check_commands(maskdet, folder)
        check_app(maskdet, folder)


if __name__ == "__main__":
    main()
