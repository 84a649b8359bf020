"""Streamlit's command on a server that gives silent visitors up within seconds, not minutes.

Run as ``python -m testbed.servers.impatient_server run server.py``. The order of what is given up
stays: the video's connection first, then the page's, then the session.
"""

from typing import Final

from aioice import ice
from streamlit.web import cli
from streamlit.web.server.starlette import starlette_server

from maskdet_app.server import session_reaper

VIDEO_S: Final = 2.4
"""Silence after which the video's connection is closed; half a minute without this."""
PAGE_S: Final = 3.0
SESSION_S: Final = 1.0
"""After the page's connection was lost."""
GIVEN_UP_S: Final = 2 * PAGE_S + SESSION_S + 1.0
"""Silence after which nothing of a visitor is left, whenever the page was last asked."""


def main() -> None:
    """Run Streamlit's command line."""
    vars(ice)["CONSENT_INTERVAL"] = VIDEO_S / ice.CONSENT_FAILURES
    vars(starlette_server)["DEFAULT_WEBSOCKET_PING_INTERVAL"] = PAGE_S / 2
    vars(starlette_server)["DEFAULT_WEBSOCKET_PING_TIMEOUT"] = PAGE_S / 2
    delays = session_reaper.Delays(closed_s=SESSION_S, lost_s=SESSION_S, sweep_s=0.5)
    vars(session_reaper)["Delays"] = lambda: delays
    cli.main()


if __name__ == "__main__":
    main()
