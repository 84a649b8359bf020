"""Settings of whoever runs the server: environment variables first, then Streamlit's secrets."""

import os
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError


def setting(name: str) -> Any:
    """What a setting says: text from the environment, anything TOML can hold from the secrets.

    Returns:
        None where neither says anything; an empty environment variable counts as saying nothing.
    """
    value = os.environ.get(name)
    if value:
        return value
    try:
        return st.secrets.get(name)
    except StreamlitSecretNotFoundError:
        return None
