import json
import logging

from maskdet_app.server import json_logs


def test_log_line_is_one_object() -> None:
    record = logging.LogRecord("a.b", logging.WARNING, "f.py", 1, "it's %s\nnow", ("ñ",), None)
    line = json_logs.JsonFormatter().format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["level"] == "warning"
    assert entry["logger"] == "a.b"
    assert entry["message"] == "it's ñ\nnow"
    assert entry["time"].endswith("Z")
