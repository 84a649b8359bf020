"""Give memory back to the machine when a visitor's photos are gone."""

import ctypes
import gc
import threading
from contextlib import suppress
from typing import Final

_AFTER_S: Final = 2.0
"""By then Streamlit has dropped what it held of a page that was drawn anew."""


def give_back_soon() -> None:
    """Return freed memory to the machine in a moment.

    The allocator of Linux (glibc) keeps what was freed between pieces still in use, tens of MB
    after a pile of photos, and the machine's other programs go without it. Elsewhere nothing is
    done.
    """
    timer = threading.Timer(_AFTER_S, _give_back)
    timer.daemon = True
    timer.start()


def _give_back() -> None:
    gc.collect()
    # AttributeError: another C library; OSError: none that can be opened
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
