"""Names of what training ships to `models/`, without suffix."""

from typing import Final

NETWORK: Final = "maskdet-vgg19-int8"
FINDER: Final = "maskdet-haar"
STREET_FOLDER: Final = "street"
"""Folder in `models/` of the finder that a network verifies; its files are named as `FINDER`'s."""
STREET_FINDER: Final = "maskdet-street"
"""Name of that finder."""
