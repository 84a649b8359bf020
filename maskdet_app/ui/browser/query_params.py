"""Choices in the query parameters, by code: a link works in every language.

Streamlit's own binding of widgets writes the labels, which depend on the language. It is used for
numbers and switches only.
"""

import time
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

T = TypeVar("T", bound=str)

RUN: Final = "run"
RUNNING: Final = "on"
"""Name and value of the query parameter that is set while the live video runs."""
OPEN_PHOTO: Final = "photo"
"""Query parameter with the key of the photo that is open: the browser's Back button closes it."""
CAMERA: Final = "camera"
"""Query parameter that is set while the photo page's camera is shown."""
SETTLED_S: Final = 1.0
"""The front end may ask for a run with the address as it was before the last choice was written.
Nobody presses Back so soon."""


def read(name: str, options: Sequence[T], default: T) -> T:
    """The option that a query parameter names, or the default if it names none."""
    value = st.query_params.get(name)
    return next((option for option in options if option == value), default)


def read_all(name: str, options: Sequence[T]) -> list[T]:
    """The options that a repeated query parameter names, in the order of ``options``."""
    values = st.query_params.get_all(name)
    return [option for option in options if option in values]


def initialise(key: str, value: object) -> None:
    """Give a widget its initial value, as read from the query parameters.

    Not by the widget's ``default``: the query parameters change with the choice, and when a default
    changes, Streamlit's front end can drop a click.
    """
    if key not in st.session_state:
        st.session_state[key] = value


def write(name: str, values: Sequence[str], default: Sequence[str] = ()) -> None:
    """Set a query parameter, or remove it where the values are the default, to keep links short."""
    wanted = [] if list(values) == list(default) else list(values)
    if st.query_params.get_all(name) == wanted:
        return
    if wanted:
        st.query_params[name] = wanted
    else:
        del st.query_params[name]


def segmented_control(
    name: str,
    label: str,
    options: Sequence[T],
    default: T,
    *,
    goes_back: bool = True,
    **kwargs: Any,
) -> T:
    """Show a segmented control whose choice is kept in a query parameter.

    Args:
        name: of the query parameter, and the widget's key.
        label: text of the label.
        options: codes of the options.
        default: the option that is left out of the query parameters.
        goes_back: whether the browser's Back and Forward buttons change the choice.
        **kwargs: further arguments of `st.segmented_control`.

    Returns:
        The chosen option.
    """
    named, page = read(name, options, default), _page()
    written = f"{name}_written"
    # A choice that is still the one written here was changed in the address. Another page's
    # address does not know it, and a click may overtake what was written before it.
    chosen = st.session_state.get(name, named)
    last_page, last, since_s = st.session_state.get(written, (None, None, 0.0))
    now_s = time.monotonic()
    is_written = (last_page, last) == (page, chosen)
    is_back = chosen != named and is_written and now_s - since_s >= SETTLED_S
    if is_back and goes_back:
        st.session_state[name] = named
    initialise(name, named)
    choice = st.segmented_control(label, options, required=True, key=name, **kwargs)
    option: T = choice or default
    # written again, the address would lead Back to itself for ever
    if goes_back or not is_back:
        write(name, [option], [default])
    if (last_page, last) != (page, option):
        # what came from the address is there already
        st.session_state[written] = (page, option, since_s if is_back else now_s)
    return option


def _page() -> str | None:
    context = get_script_run_ctx()
    return None if context is None else context.page_script_hash
