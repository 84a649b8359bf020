"""Logging as JSON, one object per line, for log collectors.

Nothing that a visitor sends may reach the log. Other libraries' messages can contain addresses and
values, and the text of any exception can: exceptions are logged by type and place, and messages of
other libraries lose what is quoted, in brackets, or an address.
"""

import errno
import json
import logging
import re
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final

from maskdet_app.server.logs import captured_output, disconnects

_LOG: Final = logging.getLogger(__name__)
_OWN_LOGGERS: Final = ("maskdet_app", "maskdet_core")
_MAX_EXCEPTIONS: Final = 5
"""Exceptions of one record: an error, its causes, and the members of a group."""
_MAX_PLACES: Final = 12
_MAX_CHARS: Final = 500
_MAX_SEARCHED: Final = 2_000
_TRACEBACK: Final = "Traceback (most recent call last):"
_PLACE: Final = re.compile(r'^\s+File "(.+)", line (\d+)(?:, in (\S+))?')
_EXCEPTION_LINE: Final = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")
_REMOVED: Final = (
    (re.compile(r"\(.*\)", re.DOTALL), "(…)"),
    (re.compile(r"\[.*\]", re.DOTALL), "[…]"),
    (re.compile(r"\{.*\}", re.DOTALL), "{…}"),
    (re.compile(r"<.*>", re.DOTALL), "<…>"),
    (re.compile(r"(?<!\w)(['\"`]).*\1", re.DOTALL), "'…'"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "…"),
    (re.compile(r"(?<![\w:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:%\w+)?"), "…"),
    (re.compile(r"\S*/\S*"), "…"),
)
"""What may be a value in a text by another library: arguments, containers, reprs, quoted text, IPv4
and IPv6 addresses, URLs and paths."""
_STILL_OPEN: Final = re.compile(r"[(\[{<](?!…)|(?<![\w…])['\"`](?!…)")
"""A bracket or quotation mark that nothing closes."""


class JsonFormatter(logging.Formatter):
    """Formats a record as JSON: time in UTC, level, logger, message, and types of exceptions."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if _is_own(record.name) or disconnects.is_summary(record):
            line["message"] = record.getMessage()
        else:
            line |= _foreign(record)
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = [_described(error) for error in _chain(record.exc_info[1])]
        return json.dumps(line, ensure_ascii=False)


def use_json() -> None:
    """Write everything that this process logs or prints from now on as JSON, one object a line.

    Lines go to standard error. Meant for a program of its own: it replaces the hooks for unhandled
    exceptions and for warnings, and redirects both standard streams. Calling it again does nothing.
    """
    write = captured_output.capture(_print_line)
    if write is None:
        return
    formatter = JsonFormatter()

    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        del self
        # At INFO, other libraries log visitors' addresses for each request and video connection.
        least = logging.INFO if _is_own(record.name) else logging.WARNING
        if record.levelno >= least or disconnects.is_summary(record):
            write(formatter.format(record))

    # Instead of a handler: Streamlit gives each of its loggers a handler of its own and stops
    # propagation, also for loggers that it creates later, and other libraries may do the same.
    logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]
    logging.root.setLevel(logging.WARNING)
    for name in _OWN_LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.raiseExceptions = False
    warnings.showwarning = _log_warning
    sys.excepthook = _log_exception
    sys.unraisablehook = _log_unraisable
    threading.excepthook = _log_thread_exception


def without_values(text: str) -> str:
    """The first line of a text by another library, without what may be a value or an address."""
    # Bounded first: the patterns take quadratic time.
    first = text.strip().split("\n", 1)[0][:_MAX_SEARCHED]
    for pattern, replacement in _REMOVED:
        first = pattern.sub(replacement, first)
    opened = _STILL_OPEN.search(first)
    if opened is not None:
        # What closes it is on another line, or was cut off.
        first = f"{first[: opened.start()]}…"
    return first[:_MAX_CHARS]


def _is_own(logger: str) -> bool:
    return logger.split(".", 1)[0] in _OWN_LOGGERS


def _foreign(record: logging.LogRecord) -> dict[str, object]:
    """Message of another library's record, with numbers as its only values."""
    if isinstance(record.msg, BaseException):
        return {"message": type(record.msg).__name__, "exception": [_described(record.msg)]}
    template = str(record.msg)
    if _TRACEBACK in template:
        return {"message": "an exception", "exception": [_from_printed(template)]}
    message = without_values(template)
    arguments = record.args if isinstance(record.args, tuple) else ()
    if arguments and _TRACEBACK in "".join(a for a in arguments if isinstance(a, str)):
        text = next(a for a in arguments if isinstance(a, str) and _TRACEBACK in a)
        return {"message": "an exception", "exception": [_from_printed(text)]}
    kept = iter(arguments)

    def shown(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = next(kept, None)
        if isinstance(value, bool | int | float):
            return str(value)
        return type(value).__name__ if isinstance(value, BaseException) else "…"

    return {"message": re.sub(r"%(?:%|[-#0 +]*\d*(?:\.\d+)?[a-zA-Z])", shown, message)}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, the members of a group, and the causes, each once."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MAX_EXCEPTIONS:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
        hidden = current.__suppress_context__
        waiting.append(current.__cause__ or (None if hidden else current.__context__))


def _described(error: BaseException) -> dict[str, object]:
    found: dict[str, object] = {"type": type(error).__name__, "at": _places(error.__traceback__)}
    if isinstance(error, OSError) and error.errno is not None:
        found["errno"] = errno.errorcode.get(error.errno, error.errno)
    return found


def _places(trace: TracebackType | None) -> list[str]:
    """Module, line and function of each frame, the innermost last."""
    frames = list(traceback.walk_tb(trace))[-_MAX_PLACES:]
    return [
        f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
        for frame, line in frames
    ]


def _from_printed(text: str) -> dict[str, object]:
    """Type and places from a traceback that was formatted as text."""
    lines = text.rstrip().split("\n")
    places = [
        f"{_module(match[1])}:{match[2]} {match[3] or ''}".rstrip()
        for line in lines
        if (match := _PLACE.match(line))
    ]
    last_place = max((i for i, line in enumerate(lines) if _PLACE.match(line)), default=0)
    # The first line after it that is not indented: the exception's text can have more lines.
    types = (match[1] for line in lines[last_place:] if (match := _EXCEPTION_LINE.match(line)))
    name = next((name for name in types if name != "Traceback"), "?")
    return {"type": name, "at": places[-_MAX_PLACES:]}


def _module(path: str) -> str:
    """A module's file as a dotted name, without the folders of this machine."""
    parts = path.replace("\\", "/").removesuffix(".py").split("/")
    for folder in ("site-packages", "dist-packages"):
        if folder in parts:
            return ".".join(parts[parts.index(folder) + 1 :])
    return ".".join(parts[-2:])


def _print_line(stream: str, text: str) -> str:
    """A line of JSON for text that something printed: a line, or a whole traceback."""
    record = logging.LogRecord(stream, logging.WARNING, "", 0, text, None, None)
    return JsonFormatter().format(record)


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: str | None = None,
) -> None:
    del message, file, line
    place = f"{_module(filename)}:{lineno}"
    _LOG.warning("%s at %s", category.__name__, place)


def _log_exception(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    _LOG.critical("unhandled", exc_info=(kind, error, trace))


def _log_unraisable(found: Any) -> None:
    if found.exc_value is not None:
        trace = (type(found.exc_value), found.exc_value, found.exc_traceback)
        _LOG.error("ignored where it cannot be raised", exc_info=trace)


def _log_thread_exception(found: Any) -> None:
    if found.exc_value is not None and not isinstance(found.exc_value, SystemExit):
        trace = (type(found.exc_value), found.exc_value, found.exc_traceback)
        _LOG.error("a thread ended by an exception", exc_info=trace)
