"""The live page in Streamlit's AppTest, with a fake of the stream's component."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
import streamlit_webrtc
from streamlit.testing.v1 import AppTest

from testbed.repository import REPO_ROOT


@pytest.fixture
def component(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments and the state of the stream's component, which AppTest cannot run."""
    recorded: dict[str, Any] = {"state": SimpleNamespace(playing=False, signalling=False)}

    def streamer(**arguments: Any) -> Any:
        recorded.update(arguments)
        return SimpleNamespace(state=recorded["state"])

    monkeypatch.setattr(streamlit_webrtc, "webrtc_streamer", streamer)
    return recorded


@pytest.fixture
def new_app(component: dict[str, Any], shipped_manifest: Path) -> Iterator[Callable[..., AppTest]]:
    """Open the live page, by default without query parameters; not run yet."""

    def make(**query: str) -> AppTest:
        app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return app

    yield make
    st.cache_resource.clear()
