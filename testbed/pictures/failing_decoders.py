"""Decoders for `maskdet_core.pictures.decoder_process` that fail as libraries do.

`decode` does what the file's first bytes name, up to a colon, and then decodes the rest.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from maskdet_core.pictures.decode import DecodedPhoto, decode_photo

DECODE: Final = "testbed.pictures.failing_decoders:decode"
"""`decode`, as `DecoderProcess` names it."""
SLEEP: Final = b"sleep:"
"""Takes minutes and no processor time."""
NAP: Final = b"nap:"
"""Takes 0.3 s and no processor time."""
BURN: Final = b"burn:"
"""Takes 0.2 s of processor time."""
SPIN: Final = b"spin:"
"""Uses the processor without end."""
ALLOCATE: Final = b"allocate:"
"""Takes 1.5 GB of memory."""
ABORT: Final = b"abort:"
CRASH: Final = b"crash:"
PRINT: Final = b"print:"
"""Prints to standard output."""


def decode(data: bytes) -> DecodedPhoto:
    """As `decode_photo`, after what the prefix of the file names."""
    for prefix, do in _DO.items():
        if data.startswith(prefix):
            do()
            return decode_photo(data.removeprefix(prefix))
    return decode_photo(data)


def _burn() -> None:
    end_s = time.process_time() + 0.2
    while time.process_time() < end_s:
        pass


def _spin() -> None:
    while True:
        pass


_DO: Final[dict[bytes, Callable[[], object]]] = {
    SLEEP: lambda: time.sleep(300.0),
    NAP: lambda: time.sleep(0.3),
    BURN: _burn,
    SPIN: _spin,
    ALLOCATE: lambda: np.ones(1_500_000_000, np.uint8),
    ABORT: os.abort,
    CRASH: lambda: os.kill(os.getpid(), signal.SIGSEGV),
    PRINT: lambda: os.write(1, b"noise" * 100),
}
