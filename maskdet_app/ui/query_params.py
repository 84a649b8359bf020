"""Choices that live in the page's address by their code, so that a link works in every language.

Streamlit's own binding of widgets writes what people read, which differs by language; it serves
for numbers and switches.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import streamlit as st

T = TypeVar("T", bound=str)

RUN: Final = "run"
RUNNING: Final = "on"
"""Name and value of the parameter that stands in the URL while the live video runs."""


def read(name: str, options: Sequence[T], default: T) -> T:
    """What the address says, or the default where it says nothing that there is."""
    said = st.query_params.get(name)
    return next((option for option in options if option == said), default)


def read_all(name: str, options: Sequence[T]) -> list[T]:
    """Everything that the address says of a choice of several."""
    said = st.query_params.get_all(name)
    return [option for option in options if option in said]


def initialise(key: str, value: object) -> None:
    """Give a widget the address's value to begin with.

    Not as the widget's default: the address changes with the choice, and where a default changes,
    Streamlit's page can take a click for no change.
    """
    if key not in st.session_state:
        st.session_state[key] = value


def write(name: str, chosen: Sequence[str], default: Sequence[str] = ()) -> None:
    """Write a choice into the address; the default is left out, so that links stay short."""
    wanted = [] if list(chosen) == list(default) else list(chosen)
    if st.query_params.get_all(name) == wanted:
        return
    if wanted:
        st.query_params[name] = wanted
    else:
        del st.query_params[name]


def segmented_control(name: str, label: str, options: Sequence[T], default: T, **looks: Any) -> T:
    """Offer one of a few side by side, beginning with what the address says, and keep it there.

    Args:
        name: of the choice, in the address and as the widget's key.
        label: for people.
        options: codes.
        default: what the address need not say.
        **looks: further arguments of `st.segmented_control`.
    """
    initialise(name, read(name, options, default))
    chosen = st.segmented_control(label, options, required=True, key=name, **looks)
    kept: T = chosen or default
    write(name, [kept], [default])
    return kept
