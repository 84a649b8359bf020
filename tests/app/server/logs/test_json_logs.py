import json
import logging
import os
import re
import subprocess
import sys
import time
import traceback

import pytest

from maskdet_app.server.logs import json_logs

SECRET = "holiday-with-anna"


def test_log_line_is_one_object() -> None:
    record = logging.LogRecord(
        "maskdet_app.b", logging.WARNING, "f.py", 1, "it's %s\nnow", ("ñ",), None
    )
    line = json_logs.JsonFormatter().format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["level"] == "warning"
    assert entry["logger"] == "maskdet_app.b"
    assert entry["message"] == "it's ñ\nnow"
    assert entry["time"].endswith("Z")


@pytest.mark.parametrize(
    "text",
    [
        "Connection from 203.0.113.9:4711 lost",
        "peer 2001:db8::17 and ::ffff:203.0.113.9 and fe80::1%eth0",
        "could not read 'anna.jpg'",
        'could not read "anna.jpg"',
        "file /home/anna/anna.jpg",
        "Exception in callback send(b'anna', ('203.0.113.9', 4711))\nhandle: <Handle anna>",
        "Task <Task name='anna' coro=<f()> exception=ValueError(\"anna's\")>",
        "https://a.example/?name=anna",
        "could not read 'anna\nof 203.0.113.9'",
        "could not read (anna\nanna)",
        "could not read 'ann" + "anna" * 1000 + "'",
        "could not read 'x' of [anna",
    ],
)
def test_values_and_addresses_are_removed(text: str) -> None:
    shown = json_logs.without_values(text)
    assert shown
    assert not re.search(r"anna|203|4711|db8|fe80", shown)


def test_foreign_arguments_are_numbers_and_types_only() -> None:
    error = OSError(98, "anna")
    record = logging.LogRecord(
        "lib", logging.WARNING, "", 1, "port %d of %s: %s", (80, "anna", error), None
    )
    entry = json.loads(json_logs.JsonFormatter().format(record))
    assert entry["message"] == "port 80 of …: OSError"


def test_exceptions_have_types_places_and_causes_but_no_text() -> None:
    try:
        try:
            raise OSError(2, SECRET)
        except OSError as cause:
            raise ValueError(SECRET) from cause
    except ValueError:
        record = logging.LogRecord("maskdet_app", 40, "", 1, "failed", None, sys.exc_info())
    line = json_logs.JsonFormatter().format(record)
    assert SECRET not in line
    first, second = json.loads(line)["exception"]
    assert first["type"] == "ValueError"
    assert second["type"] == "FileNotFoundError"
    assert second["errno"] == "ENOENT"
    assert "test_exceptions_have_types" in first["at"][0]


_EVERYTHING_THAT_LOGS = f"""
import asyncio, logging, os, sys, threading, traceback, warnings
import streamlit.logger
early = streamlit.logger.get_logger("streamlit.early")
own = logging.getLogger("streamlit_webrtc")
own.addHandler(logging.StreamHandler())
own.propagate = False
from maskdet_app.server.logs import log_format
log_format.apply()
log_format.apply()
secret = "{SECRET}"
def fail():
    hidden = secret
    raise ValueError(hidden)
early.warning("early\\nlines of %s", secret)
streamlit.logger.get_logger("streamlit.late").error("late\\nlines of %s", secret)
streamlit.logger.update_formatter()
own.warning("attached\\n%s", secret)
logging.getLogger("uvicorn.error").error("boot '%s'\\nmore", secret)
try:
    fail()
except ValueError:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application\\n")
    logging.getLogger("aiortc").warning(traceback.format_exc())
    logging.getLogger("aiortc").warning("x %s", traceback.format_exc())
    traceback.print_exc()
logging.getLogger("aioice.ice").info("Check CandidatePair((203.0.113.9, 4711))")
print("printed '" + secret + "'")
print("to stderr\\nin two lines", file=sys.stderr)
os.write(2, b"native code\\nwrote this\\n")
warnings.warn("a value: " + secret)
worker = threading.Thread(target=fail)
worker.start()
worker.join()
class Late:
    def __del__(self):
        fail()
Late()
async def main():
    asyncio.get_running_loop().call_soon(fail)
    task = asyncio.create_task(asyncio.sleep(0))
    async def failing():
        fail()
    lost = asyncio.ensure_future(failing())
    await asyncio.sleep(0.05)
    del lost
    import gc
    gc.collect()
asyncio.run(main())
os.system("echo a child process >&2")
logging.getLogger("maskdet_app").info("our own\\nlines")
fail()
"""


def test_everything_that_logs_or_prints_gives_one_object_a_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _EVERYTHING_THAT_LOGS],
        env=os.environ | {"MASKDET_LOG": "json"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    entries = [json.loads(line) for line in ended.stderr.splitlines()]
    assert all(set(entry) >= {"time", "level", "logger", "message"} for entry in entries)
    assert SECRET not in ended.stderr
    assert "203.0.113.9" not in ended.stderr
    messages = [entry["message"] for entry in entries]
    for expected in (
        *("early", "late", "attached", "boot '…'", "Exception in ASGI application"),
        *("printed '…'", "to stderr", "in two lines", "native code", "wrote this"),
        *("a thread ended by an exception", "ignored where it cannot be raised"),
        *("Task exception was never retrieved", "a child process", "our own\nlines", "unhandled"),
    ):
        assert expected in messages, expected
    assert any(message.startswith("UserWarning at ") for message in messages)
    types = [entry["exception"][0]["type"] for entry in entries if "exception" in entry]
    # Logged, in a message and an argument, printed, in a thread, ignored, two of asyncio, the last.
    assert types == ["ValueError"] * 9
    assert all("fail" in " ".join(e["exception"][0]["at"]) for e in entries if "exception" in e)


def test_a_long_line_takes_no_long_time() -> None:
    began = time.process_time()
    for text in ("(" * 100_000, "'" * 100_000, ":" * 100_000, "<" * 100_000, "1." * 50_000):
        assert len(json_logs.without_values(text)) <= 500
    assert time.process_time() - began < 1


def test_ordinary_messages_stay_readable() -> None:
    for text in ("Invalid HTTP request received.", "it can't be done in 5.5 s"):
        assert json_logs.without_values(text) == text
    assert json_logs.without_values("boot 'x' of (a, b) failed") == "boot '…' of (…) failed"


def test_a_printed_exception_of_several_lines_gives_its_type_only() -> None:
    try:
        raise ValueError(f"one\n{SECRET}\nanna: two")
    except ValueError:
        text = traceback.format_exc()
    record = logging.LogRecord("aiortc", logging.WARNING, "", 1, text, None, None)
    line = json_logs.JsonFormatter().format(record)
    (found,) = json.loads(line)["exception"]
    assert found["type"] == "ValueError"
    assert "anna" not in line
