"""Faults of the setup: the operator reads the details in the log, visitors read plain words."""

import difflib
import logging
import os
import threading
from collections.abc import Iterable
from typing import Final

_LOG: Final = logging.getLogger(__name__)
_MAX_REMEMBERED: Final = 1000
_PREFIX: Final = "MASKDET_"
_CLOSE: Final = 0.8
_logged: set[str] = set()
_lock: Final = threading.Lock()


def log_once(message: str) -> None:
    """Log an error for the operator, but not again in each run of a page.

    Args:
        message: may name paths and settings, never anything that a visitor sent and no secret.
    """
    with _lock:
        if message in _logged:
            return
        if len(_logged) >= _MAX_REMEMBERED:
            _logged.clear()
        _logged.add(message)
    _LOG.error("%s", message)


def log_mistyped_names(known: Iterable[str]) -> None:
    """Log each environment variable whose name is almost that of a setting."""
    names = sorted(known)
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name not in names:
            similar = difflib.get_close_matches(name, names, n=1, cutoff=_CLOSE)
            if similar:
                log_once(f"{name} is no setting and is ignored: did you mean {similar[0]}?")
