"""The format of the log, by an environment variable."""

import os
from typing import Final

from maskdet_app.server.logs import disconnects, json_logs

LOG_FORMAT: Final = "MASKDET_LOG"
"""``json`` writes one JSON object per log line."""
_FORMATS: Final = ("text", "json")


def is_json() -> bool:
    """Whether the log is JSON."""
    return os.environ.get(LOG_FORMAT) == "json"


def apply() -> None:
    """Log in the format of `LOG_FORMAT`; with one line, in either, for a visitor who is gone.

    Raises:
        ValueError: no such format.
    """
    name = os.environ.get(LOG_FORMAT) or _FORMATS[0]
    if name not in _FORMATS:
        raise ValueError(f"{LOG_FORMAT}: expected one of {', '.join(_FORMATS)}, got {name!r}")
    disconnects.install()
    if is_json():
        json_logs.use_json()
