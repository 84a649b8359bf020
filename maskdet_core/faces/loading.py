"""Load a face finder by preset, path, environment variable or default."""

import os
from pathlib import Path
from typing import Final

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.manifest import REQUIRED_PRESETS, CascadeManifest
from maskdet_core.faces.opencv_finder import OpenCvFaceFinder
from maskdet_core.files import models_folder

FINDER_ENV: Final = "MASKDET_FINDER"
"""Environment variable: "stock", or the path of another finder's manifest."""
STOCK: Final = "stock"
DEFAULT_MANIFEST: Final = models_folder() / "maskdet-haar.json"


def load_finder(preset: str = "photo", finder: Path | str | None = None) -> FaceFinder:
    """Load the face finder for a preset.

    Args:
        preset: "photo" (thorough) or "live" (fast). The stock finder is the same for both.
        finder: path of a finder's manifest, "stock" for OpenCV's frontal face cascade, or None for
            the value of the environment variable `FINDER_ENV`, by default the shipped finder.

    Raises:
        CascadeError: a file is missing or broken.
        ValueError: unknown preset.
    """
    chosen = str(finder or os.environ.get(FINDER_ENV) or DEFAULT_MANIFEST)
    if chosen == STOCK:
        _validate_preset(preset, REQUIRED_PRESETS)
        return OpenCvFaceFinder()
    manifest = CascadeManifest.load(Path(chosen))
    _validate_preset(preset, frozenset(manifest.presets))
    return CascadeFaceFinder(manifest, Path(chosen).parent, manifest.presets[preset])


def _validate_preset(preset: str, known: frozenset[str]) -> None:
    if preset not in known:
        raise ValueError(f"preset must be one of {sorted(known)}, got {preset!r}")
