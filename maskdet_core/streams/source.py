"""What can be watched: an address, a device or a file; named without its secrets."""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from maskdet_core.errors import StreamError

_PROTOCOLS: Final = {
    "rtsp": "rtsp,rtp,tcp,udp",
    "rtsps": "rtsps,rtsp,rtp,srtp,tls,tcp,udp",
    "http": "http,https,httpproxy,tcp,tls,crypto",
    "https": "https,httpproxy,tcp,tls,crypto",
}
"""What FFmpeg may open for an address: a playlist may name others, but no file."""
_DEVICE: Final = re.compile(r"/dev/video\d+")


class SourceKind(Enum):
    """What a source is."""

    ADDRESS = auto()
    DEVICE = auto()
    FILE = auto()


@dataclass(frozen=True, slots=True)
class StreamSource:
    """Something to watch.

    Attributes:
        kind: what it is.
        location: for FFmpeg; may hold user and password.
        shown: for messages: of an address only scheme, host and port.
        name: short, such as the host.
    """

    kind: SourceKind
    location: str = field(repr=False)
    shown: str
    name: str

    @property
    def is_live(self) -> bool:
        """Whether it goes on without waiting for its reader, and has no end."""
        return self.kind is not SourceKind.FILE

    def ffmpeg_format(self) -> str | None:
        """FFmpeg's name of the format; None where it is to find out."""
        return "video4linux2" if self.kind is SourceKind.DEVICE else None

    def ffmpeg_options(self) -> dict[str, str]:
        """FFmpeg's options for opening it."""
        if self.kind is not SourceKind.ADDRESS:
            return {}
        scheme = urlsplit(self.location).scheme
        options = {"protocol_whitelist": _PROTOCOLS[scheme]}
        if scheme in ("rtsp", "rtsps"):
            # packets lost by UDP show as torn faces, and many networks let none through
            options |= {"rtsp_transport": "tcp", "allowed_media_types": "video"}
        return options


def parse_source(text: str, user: str | None = None, password: str | None = None) -> StreamSource:
    """Read what a command line names.

    Args:
        text: ``rtsp://…``, ``rtsps://…``, ``http://…``, ``https://…``, ``/dev/videoN`` or a file.
        user: for an address without one.
        password: the same.

    Raises:
        StreamError: another kind of address, or no such file. Secrets are not repeated.
    """
    if "://" in text:
        return _parse_address(text, user, password)
    if _DEVICE.fullmatch(text):
        return StreamSource(SourceKind.DEVICE, text, text, Path(text).name)
    path = Path(text)
    if not path.is_file():
        # a mistyped address may hold a password
        got = "something with `@`" if "@" in text else text
        raise StreamError(
            f"expected an address (rtsp://…, http://…), a device (/dev/video0) or a file, got {got}"
        )
    return StreamSource(SourceKind.FILE, text, text, path.stem)


def _parse_address(text: str, user: str | None, password: str | None) -> StreamSource:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise StreamError("expected an address such as rtsp://host/path, got none") from None
    scheme = parts.scheme.lower()
    if scheme not in _PROTOCOLS or not host:
        raise StreamError(
            f"expected an address with {', '.join(f'{one}://' for one in _PROTOCOLS)} and a host, "
            + ("got another" if "@" in text.partition("://")[0] else f"got one with {scheme}://")
        )
    place = parts.netloc.rpartition("@")[2]
    netloc = parts.netloc
    if user is not None and "@" not in netloc:
        secret = "" if password is None else ":" + quote(password, safe="")
        netloc = f"{quote(user, safe='')}{secret}@{place}"
    location = urlunsplit((scheme, netloc, parts.path, parts.query, ""))
    # cameras take user and password in the path, too
    return StreamSource(SourceKind.ADDRESS, location, f"{scheme}://{place}", host)
