"""Load a face finder by preset, path, environment variable or default."""

import os
from pathlib import Path
from typing import Final

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.faces.opencv_finder import stock_finder
from maskdet_core.files import models_folder

FINDER_ENV: Final = "MASKDET_FINDER"
"""Environment variable: "stock", or the path of another cascade's manifest."""
STOCK: Final = "stock"
DEFAULT_MANIFEST: Final = models_folder() / "maskdet-haar.json"


def load_finder(preset: str = "photo", finder: Path | str | None = None) -> FaceFinder:
    """The face finder for a preset.

    Args:
        preset: "photo" (thorough) or "live" (fast).
        finder: a cascade's manifest, "stock" for OpenCV's own cascades, or None for what the
            environment variable `FINDER_ENV` says, and the shipped cascade where it says nothing.

    Raises:
        CascadeError: a file is missing or broken.
        ValueError: another preset.
    """
    chosen = str(finder or os.environ.get(FINDER_ENV) or DEFAULT_MANIFEST)
    if chosen == STOCK:
        return stock_finder(preset)
    manifest = CascadeManifest.load(Path(chosen))
    if preset not in manifest.presets:
        raise ValueError(f"preset must be one of {sorted(manifest.presets)}, got {preset!r}")
    return CascadeFaceFinder(manifest, Path(chosen).parent, manifest.presets[preset])
