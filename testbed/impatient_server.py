"""Streamlit's command with a video link that gives up a silent browser after some ten seconds.

Run as ``python -m testbed.impatient_server run server.py``. Otherwise the server waits half a
minute for a browser that answers nothing any more, as on a phone that is locked.
"""

from typing import Final

from aioice import ice
from streamlit.web import cli

CONSENT_INTERVAL_S: Final = 1.0
"""Instead of 5; six requests in a row must be left unanswered."""


def main() -> None:
    """Run Streamlit's command line."""
    vars(ice)["CONSENT_INTERVAL"] = CONSENT_INTERVAL_S
    cli.main()


if __name__ == "__main__":
    main()
