"""Names of what training ships to `models/`, without suffix."""

from typing import Final

NETWORK: Final = "maskdet-vgg19-int8"
FINDER: Final = "maskdet-haar"
