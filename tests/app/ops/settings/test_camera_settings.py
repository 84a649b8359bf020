"""The operator's cameras: names and addresses, whose secrets no message repeats."""

from pathlib import Path

import pytest
import streamlit as st

from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.settings import camera_settings
from maskdet_app.ops.settings.camera_settings import CAMERAS, MAX_CAMERAS, cameras, read_cameras

SECRET = "s3cret"


@pytest.fixture(autouse=True)
def _nothing_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_log, "_logged", set())


def write(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = folder / "cameras.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv(CAMERAS, str(path))
    return path


def test_without_the_setting_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CAMERAS, raising=False)
    assert cameras() == ()


def test_a_file_names_cameras_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'"Side door" = "rtsp://me:{SECRET}@10.0.0.2/a?k={SECRET}"\nHof = "/dev/video0"\n'
    path = write(tmp_path, text, monkeypatch)
    first, second = cameras()
    assert (first.name, first.code, second.name) == ("Side door", "side_door", "Hof")
    assert first.source.location.endswith(SECRET)
    assert SECRET not in repr(first)
    path.write_text('Other = "http://10.0.0.3/x.m3u8"')
    assert [camera.name for camera in cameras()] == ["Other"]


def test_the_secrets_may_hold_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CAMERAS, raising=False)
    monkeypatch.setattr(st, "secrets", {CAMERAS: {"Door": "rtsps://10.0.0.2/a"}})
    assert [camera.code for camera in cameras()] == ["door"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'Door = "ftp://me:{SECRET}@10.0.0.2/"', "expected an address"),
        (f'Door = "rtsp:/me:{SECRET}@10.0.0.2/"', "expected an address"),
        (f'Door = "rtsp://me:{SECRET}@10.0.0.2:port/"', "expected an address"),
        ("Door = 1", "in quotes"),
        (f'[Door]\naddress = "rtsp://me:{SECRET}@10.0.0.2/"', "in quotes"),
        (f"Door = rtsp://me:{SECRET}@10.0.0.2/", r"expected TOML \(at line 1"),
        (f'Door = "a"\nDoor = "{SECRET}"', "expected TOML"),
        ('"Tür" = "rtsp://a/"\n"Tur" = "rtsp://b/"', "tur twice"),
        ('" " = "rtsp://a/"', "expected a name"),
        ("\n".join(f'c{n} = "rtsp://a/"' for n in range(MAX_CAMERAS + 1)), "at most 16"),
    ],
)
def test_what_is_wrong_is_logged_once_without_its_secret(
    text: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    write(tmp_path, text, monkeypatch)
    with pytest.raises(ValueError, match=words) as raised:
        read_cameras()
    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert cameras() == ()
    assert f"{CAMERAS}: " in caplog.text and SECRET not in caplog.text


def test_no_file_can_be_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"x")
    write(tmp_path, f'Door = "{film}"', monkeypatch)
    with pytest.raises(ValueError, match="or a device"):
        camera_settings.read_cameras()


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CAMERAS, str(tmp_path / "gone.toml"))
    with pytest.raises(ValueError, match=r"gone\.toml: cannot be read"):
        read_cameras()
