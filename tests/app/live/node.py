"""Runs the front end's scripts without a browser."""

import subprocess

from playwright._impl._driver import compute_driver_executable


def run(harness: str, *arguments: str) -> str:
    """What a script for Node.js, which Playwright has, prints."""
    node = compute_driver_executable()[0]
    command = [str(node), "-e", harness, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()
