"""Return freed memory to the operating system after a visitor's photos were removed."""

import ctypes
import gc
import threading
from contextlib import suppress
from typing import Final

_DELAY_S: Final = 2.0
"""By then Streamlit has dropped its references to the previous run of the page."""


def trim_soon() -> None:
    """Return freed memory to the operating system in a moment, from another thread.

    glibc keeps freed memory between blocks that are still in use: tens of MB after a large batch
    of photos, which other processes then lack. With another C library nothing happens.
    """
    timer = threading.Timer(_DELAY_S, _trim)
    timer.daemon = True
    timer.start()


def _trim() -> None:
    gc.collect()
    trim_now()


def trim_now() -> None:
    """Return freed memory to the operating system; a few milliseconds.

    Each thread has an arena of its own, where the pixels of its last large photo would stay.
    """
    # AttributeError: another C library; OSError: no library that can be loaded
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
