"""Streamlit's command with a slow delivery of messages, as on a busy machine.

Run as ``python -m testbed.servers.slow_streamlit run server.py``. Messages then wait long enough on
the server to be dropped by the next run, which on an idle machine hardly ever happens.
"""

import os

from streamlit.runtime import runtime
from streamlit.web import cli

from testbed.servers.server import FLUSH_ENV


def main() -> None:
    """Run Streamlit's command line."""
    vars(runtime)["MESSAGE_FLUSH_INTERVAL_SECS"] = float(os.environ[FLUSH_ENV])
    cli.main()


if __name__ == "__main__":
    main()
