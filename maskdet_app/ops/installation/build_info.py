"""The running build: version, commit and network."""

import os
from functools import cache
from pathlib import Path
from typing import Final

from maskdet_app.ops.installation.paths import checkout_folder
from maskdet_core import ModelError, __version__
from maskdet_core.masks.loading import default_model_path
from maskdet_core.masks.manifest import ModelManifest

COMMIT: Final = "MASKDET_COMMIT"
"""Environment variable with the commit, for images that are built without the repository."""
UNKNOWN: Final = "unknown"
_SHORT_HASH_CHARS: Final = 9


@cache
def commit() -> str:
    """The abbreviated hash of the running commit, or `UNKNOWN`."""
    from_environment = os.environ.get(COMMIT, "").strip()
    if from_environment:
        return from_environment[:_SHORT_HASH_CHARS]
    checkout = checkout_folder()
    from_git = "" if checkout is None else _from_git(checkout / ".git")
    return from_git[:_SHORT_HASH_CHARS] or UNKNOWN


def version() -> str:
    """The project's version."""
    return __version__


def model() -> str:
    """The network's name and the start of its checksum, or an empty text without a manifest."""
    path = default_model_path()
    try:
        manifest = ModelManifest.load(path) if path.suffix == ".json" else None
    except ModelError:
        manifest = None
    return "" if manifest is None else f"{manifest.name} {manifest.sha256[:_SHORT_HASH_CHARS]}"


def _from_git(folder: Path) -> str:
    try:
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        loose = folder / ref
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        for line in (folder / "packed-refs").read_text(encoding="utf-8").splitlines():
            if line.endswith(f" {ref}"):
                return line.split()[0]
    except OSError:
        pass
    return ""
