"""The network cameras that the operator lists: no visitor can name one."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.settings.lookup import setting
from maskdet_core.alerts.mqtt import topic_name
from maskdet_core.errors import StreamError
from maskdet_core.streams.source import StreamSource, parse_source

CAMERAS: Final = "MASKDET_CAMERAS"
"""Environment variable: path of a TOML file with a name and an address a line. Or a table of the
same in Streamlit's secrets."""
MAX_CAMERAS: Final = 16
MAX_NAME_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that visitors may choose.

    Attributes:
        name: as the operator calls it.
        code: of the name, for links and topics: lower case letters, digits and ``_``.
        source: its address, which is never shown.
    """

    name: str
    code: str
    source: StreamSource


def cameras() -> tuple[Camera, ...]:
    """The cameras in the operator's order.

    Returns:
        Empty where the setting is missing or invalid; the log then says why.
    """
    try:
        return read_cameras()
    except ValueError as error:
        operator_log.log_once(f"{CAMERAS}: {error}")
        return ()


def read_cameras() -> tuple[Camera, ...]:
    """As `cameras`.

    Raises:
        ValueError: the setting is invalid; the message repeats no address.
    """
    value = setting(CAMERAS)
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return _parsed(tuple(value.items()))
    path = Path(str(value))
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    return _from_file(path, changed_ns)


@lru_cache(maxsize=1)
def _from_file(path: Path, changed_ns: int) -> tuple[Camera, ...]:
    # the time is part of the key: a changed file is read without a restart
    del changed_ns
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: expected UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # the rest of the message may repeat a part of an address
        place = re.search(r"\(at [^()]*\)$", str(error))
        raise ValueError(f"{path}: expected TOML{f' {place[0]}' if place else ''}") from None
    return _parsed(tuple(table.items()))


def _parsed(items: tuple[tuple[str, Any], ...]) -> tuple[Camera, ...]:
    if len(items) > MAX_CAMERAS:
        raise ValueError(f"expected at most {MAX_CAMERAS} cameras, got {len(items)}")
    found: dict[str, Camera] = {}
    for number, (name, address) in enumerate(items, 1):
        if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
            raise ValueError(
                f"camera {number}: expected a name of 1 to {MAX_NAME_CHARS} printable characters"
            )
        try:
            source = parse_source(address) if isinstance(address, str) else None
        except StreamError as error:
            raise ValueError(f"camera {number}: {error}") from None
        if source is None or not source.is_live:
            raise ValueError(f"camera {number}: expected an address in quotes, or a device")
        camera = Camera(name, topic_name(name), source)
        other = found.setdefault(camera.code, camera)
        if other is not camera:
            raise ValueError(
                f"camera {number}: expected a name that differs from the others in its ASCII "
                f"letters and digits, got {camera.code} twice"
            )
    return tuple(found.values())
