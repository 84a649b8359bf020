"""Settings of the operator: environment variables first, then Streamlit's secrets."""

import os
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError


def setting(name: str) -> Any:
    """The value of a setting.

    Args:
        name: of the environment variable and of the key in ``secrets.toml``.

    Returns:
        Text from the environment, or any TOML value from the secrets; None where neither is set.
        An empty environment variable counts as not set.
    """
    value = os.environ.get(name)
    if value:
        return value
    try:
        return st.secrets.get(name)
    except StreamlitSecretNotFoundError:
        return None
