"""Stop with a plain word where Python is too old or cannot make an environment."""

import importlib.util
import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:
    have = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        f"Maskdet needs Python 3.11 or later, but this is {have} ({sys.executable}). "
        "Install a newer one and name it: make run PYTHON=python3.12"
    )
if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
    sys.exit(
        "This Python cannot make virtual environments. On Debian or Ubuntu: "
        "sudo apt-get install python3-venv"
    )
