"""Logs as JSON, one object a line, for what collects them from many servers."""

import json
import logging
import sys
import time
from typing import Final

_OURS: Final = ("maskdet_app", "maskdet_core")
_ALONE: Final = ("streamlit", "uvicorn", "uvicorn.error", "uvicorn.access")
"""Loggers that would write lines of their own."""


class JsonFormatter(logging.Formatter):
    """Time in UTC, level, logger and message; of an exception the types and places, no values."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def use_json() -> None:
    """Write everything that is logged from here on as JSON to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.root.handlers[:] = [handler]
    # Others log addresses of visitors when they tell of each request, visit or video link.
    logging.root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    for name in _ALONE:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
