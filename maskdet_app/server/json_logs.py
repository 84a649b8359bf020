"""Logging as JSON, one object per line, for log collectors."""

import json
import logging
import sys
import time
from typing import Final

_OWN_LOGGERS: Final = ("maskdet_app", "maskdet_core")
_LOGGERS_WITH_HANDLERS: Final = ("streamlit", "uvicorn", "uvicorn.error", "uvicorn.access")
"""Loggers that would otherwise write lines in a format of their own."""


class JsonFormatter(logging.Formatter):
    """Formats a record as JSON: time in UTC, level, logger, message and traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
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
    """Write all further log records of this process as JSON to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.root.handlers[:] = [handler]
    # At INFO, other libraries log visitors' addresses for each request and video connection.
    logging.root.setLevel(logging.WARNING)
    for name in _OWN_LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)
    for name in _LOGGERS_WITH_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
