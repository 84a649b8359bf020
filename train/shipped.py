"""Names of what training ships to `models/`, without suffix."""

from typing import Final

NETWORK: Final = "maskdet-vgg19-int8"
FINDER: Final = "maskdet-haar"
FINDER_NAME: Final = "maskdet-street"
"""In the manifest of the finder whose proposals a network verifies."""
TREES_FOLDER: Final = "trees"
"""Folder in `models/` of the earlier finder, which boosted trees verify, to compare with; its files
are named as `FINDER`'s."""
TREES_NAME: Final = "maskdet-haar"
"""In that finder's manifest."""
