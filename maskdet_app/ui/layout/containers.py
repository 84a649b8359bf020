"""Containers that a run opens before it draws anything, so that each part keeps its place.

Streamlit addresses an element by its position. A run that is interrupted, or whose messages are
dropped because the next run follows closely, leaves elements out; what comes after them moves up.
A fragment that refreshes itself then writes to a position that no longer exists, and the page in
the browser turns white. See docs/decisions/0008-reserved-containers.md.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def reserve(n: int) -> tuple[DeltaGenerator, ...]:
    """Open containers below each other; one that stays empty takes no room.

    Call it first and with the same number in every run. A fragment gets a container of its own,
    and so does each part that some runs leave out.
    """
    return tuple(st.container() for _ in range(n))
