"""Return the memory of pictures to the operating system when they are freed."""

import ctypes
import gc
import threading
from contextlib import suppress
from typing import Final

_DELAY_S: Final = 2.0
"""By then Streamlit has dropped its references to the previous run of the page."""

_M_MMAP_THRESHOLD: Final = -3
"""Of glibc's malloc.h."""
_MMAP_BYTES: Final = 16_000_000
"""Blocks from this size on, decoded photos above 5 MP, are mapped from the operating system and
unmapped when freed. Live frames are smaller: for them the calls would cost time."""


def unmap_large_blocks() -> None:
    """Give freed large blocks back at once, in all threads, until the process ends.

    glibc raises the size from which it does so with each large block that is freed, up to 32 MB,
    and keeps what is smaller: tens of MB in each of its arenas. With another C library nothing
    happens.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)


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
