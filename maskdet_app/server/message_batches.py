"""A fix of Streamlit: messages to the pages leave in batches, so that video does not hold them up.

Streamlit's loop lets everything else that the server's event loop has to do run after each single
message. Here that is the video of all viewers, and a page takes a hundred messages. On a machine
with more to do than it can, a page with four viewers beside it waited 10 to 24 seconds for its
messages, and its counts stood still beside a moving picture; in batches it waits for less than one.
`tests/app/server/test_message_batches.py` fails once Streamlit's loop does this itself.
"""

import asyncio
from typing import Any, Final

import streamlit as st
from streamlit.runtime import runtime

from maskdet_app.live.library_fixes.library_version import is_made_for

FIXED_VERSION: Final = "1.67"
"""The version whose loop is changed here; others are left as they are."""
BATCH: Final = 32
"""Messages that leave at once: a few milliseconds, and far fewer than the 500 that Streamlit lets
wait for one browser."""


class BatchingAsyncio:
    """`asyncio` for Streamlit's loop: of the pauses without a length it takes each `BATCH`-th."""

    def __init__(self) -> None:
        """Begin a batch."""
        self._n = 0

    def __getattr__(self, name: str) -> Any:
        """All else is the module's own."""
        return getattr(asyncio, name)

    async def sleep(self, delay: float) -> None:
        """Pause, if there is a length or the batch is full."""
        if not delay:
            self._n = (self._n + 1) % BATCH
        if delay or not self._n:
            await asyncio.sleep(delay)


def apply() -> None:
    """Change the loop of this process, if this is the version that needs it."""
    change = "the fix of pages that wait for video"
    if is_made_for("streamlit", st.__version__, FIXED_VERSION, change):
        vars(runtime)["asyncio"] = BatchingAsyncio()
