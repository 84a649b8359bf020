"""What a visitor keeps when they load the page again: found by a secret of the browser's tab.

Streamlit gives a page that is loaded again a new session. The earlier one stays for a few seconds
(`maskdet_app.server.session_reaper`), and what it kept passes to the new one, which names the
tab's earlier secret. Nothing lives longer than a session does.
"""

import re
import threading
import weakref
from collections.abc import Sequence
from typing import Any, Final

PROTOCOL: Final = "maskdet"
"""First part of the websocket's subprotocol that carries the secrets, the newest first."""
MAX_EARLIER: Final = 4
"""Earlier secrets that count: a page may be loaded several times before it connects."""
_SECRET: Final = re.compile(r"[0-9a-f]{32}")
_MAX_SUCCEEDED: Final = 1_000


class TabState(dict[str, Any]):
    """Like `st.session_state`, but for a browser's tab; held by its session alone.

    Attributes:
        session_id: of the session that has it now.
    """

    def __init__(self, session_id: str) -> None:
        """Start empty."""
        super().__init__()
        self.session_id = session_id


def secrets_in(subprotocols: str) -> tuple[str, ...]:
    """The secrets in the header ``Sec-WebSocket-Protocol``, the newest first; none if malformed."""
    for one in subprotocols.split(","):
        name, *secrets = one.strip().split(".")
        if name == PROTOCOL and secrets and all(map(_SECRET.fullmatch, secrets)):
            return tuple(secrets[: 1 + MAX_EARLIER])
    return ()


class Tabs:
    """The states of all tabs, by their newest secret. Thread-safe."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._by_secret: weakref.WeakValueDictionary[str, TabState] = weakref.WeakValueDictionary()
        self._succeeded: dict[str, None] = {}

    def enter(self, session_id: str, secrets: Sequence[str]) -> tuple[TabState, str | None]:
        """The state for a new session.

        Args:
            session_id: of the new session.
            secrets: of its tab, the newest first. What an earlier one names is taken over, and
                that secret is worth nothing any more.

        Returns:
            The state, and the session that had it before; None for a fresh one.
        """
        with self._lock:
            found = [self._by_secret.pop(one, None) for one in secrets]
            state = next((one for one in found if one is not None), None)
            before = None if state is None else state.session_id
            if state is None:
                state = TabState(session_id)
            state.session_id = session_id
            if secrets:
                self._by_secret[secrets[0]] = state
            if before is not None:
                self._succeeded[before] = None
                while len(self._succeeded) > _MAX_SUCCEEDED:
                    del self._succeeded[next(iter(self._succeeded))]
            return state, before

    def is_succeeded(self, session_id: str) -> bool:
        """Whether a later session has taken over what this one kept."""
        with self._lock:
            return session_id in self._succeeded


TABS: Final = Tabs()
"""Those of this server."""
