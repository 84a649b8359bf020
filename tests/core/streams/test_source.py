"""What can be watched, and that no secret of an address is shown."""

from pathlib import Path

import pytest

from maskdet_core.errors import StreamError
from maskdet_core.streams.source import SourceKind, parse_source


def test_an_address_keeps_its_secrets_to_itself() -> None:
    source = parse_source("rtsp://me:s3cret@camera:554/live?token=s3cret")
    assert source.location == "rtsp://me:s3cret@camera:554/live?token=s3cret"
    assert (source.shown, source.name) == ("rtsp://camera:554", "camera")
    assert "s3cret" not in repr(source)
    assert source.is_live


def test_a_path_with_a_password_is_not_shown() -> None:
    source = parse_source("rtsp://camera/user=me&password=s3cret&channel=1.sdp?real_stream")
    assert source.shown == "rtsp://camera"
    assert "s3cret" not in repr(source)


def test_user_and_password_may_come_from_elsewhere() -> None:
    source = parse_source("RTSP://camera/live", "me", "s3cret@:/")
    assert source.location == "rtsp://me:s3cret%40%3A%2F@camera/live"
    given = parse_source("rtsp://you:own@camera/live", "me", "s3cret")
    assert given.location == "rtsp://you:own@camera/live"


@pytest.mark.parametrize(
    ("text", "scheme"),
    [("rtsp://c/", "rtsp"), ("https://c/a.m3u8", "https"), ("http://c/a.m3u8", "http")],
)
def test_no_address_makes_ffmpeg_open_files(text: str, scheme: str) -> None:
    allowed = parse_source(text).ffmpeg_options()["protocol_whitelist"].split(",")
    assert scheme in allowed
    assert {"file", "concat", "subfile", "data", "pipe"}.isdisjoint(allowed)


def test_devices_and_files_are_known(tmp_path: Path) -> None:
    device = parse_source("/dev/video0")
    assert (device.kind, device.name, device.is_live) == (SourceKind.DEVICE, "video0", True)
    film = tmp_path / "film.mp4"
    film.touch()
    source = parse_source(str(film))
    assert (source.kind, source.name, source.is_live) == (SourceKind.FILE, "film", False)


@pytest.mark.parametrize(
    "text",
    [
        *("ftp://me:s3cret@c/", "file:///etc/passwd", "rtsp://", "http://c:x/", "no-such-file"),
        *("rtsp:/me:s3cret@camera/live", "me:s3cret@camera", "s3cret:me@x://camera/"),
        "rtsp://me:s3cret/x@camera/live",
    ],
)
def test_all_else_is_refused(text: str) -> None:
    with pytest.raises(StreamError, match="expected") as refused:
        parse_source(text)
    assert "s3cret" not in str(refused.value)
