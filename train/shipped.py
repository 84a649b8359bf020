"""Names of what training ships to `models/`, without suffix."""

from typing import Final

NETWORK: Final = "maskdet-vgg19-int8"
FINDER: Final = "maskdet-haar"
FINDER_NAME: Final = "maskdet-street"
"""In the finder's manifest: the name that face rules are fitted for."""
