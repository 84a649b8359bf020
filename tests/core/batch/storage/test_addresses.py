"""Photos and results at addresses: zip files, and fsspec's file system in memory."""

import json
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maskdet_core.batch.photos.journal import Entry, entry_line, parsed_entry
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.batch.shards.store import SHARDS
from maskdet_core.batch.storage import fetching
from maskdet_core.batch.storage.addresses import Address, location, stamp_of
from maskdet_core.batch.storage.fetching import Fetched, read_location
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.command_line import cli
from maskdet_core.command_line.inputs import find_pictures
from maskdet_core.errors import AddressError, ImageError, TransientImageError
from maskdet_core.pictures.decode import MAX_BYTES
from tests.core.batch.fakes import Stub


@pytest.fixture
def zipped(photos: list[Path], tmp_path: Path) -> Path:
    target = tmp_path / "photos.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for photo in photos:
            archive.write(photo, f"shop/{photo.name}")
        archive.writestr("shop/.hidden.jpg", b"")
        archive.writestr("__MACOSX/0.jpg", b"")
        archive.writestr("shop/notes.txt", b"")
    return target


def run(*arguments: object) -> int:
    return cli.main(list(map(str, arguments)))


@pytest.mark.parametrize("text", ["photo.jpg", "C:\\a.jpg", "a::b.jpg", "s3:/b", "/x/a://b", "-"])
def test_a_path_stays_a_path(text: str) -> None:
    assert location(text) == Path(text)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://me:secret@host/a.jpg",
        "zip://a.jpg::sftp://me:secret@host/x.zip",
        "https://host/a.jpg?sig=secret",
        "zip://a.jpg::https://host:8080/x.zip?sig=secret",
        "s3://AKIA:sec/ret/secret+e@bucket/x",
        "s3://AKIA:a::secret@bucket/x",
        "https://secret@host/a.zip",
        "HTTPS://host/a.jpg?sig=secret",
        "abfs://c@account/x?sv=secret",
        "zip://a.jpg::ABFS://c@account/x.zip?sv=secret",
        "webdav://host/a.jpg?token=secret",
    ],
)
def test_an_address_with_a_secret_is_refused_and_not_repeated(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", text) == 2
    assert "the environment" in (said := capsys.readouterr().err)
    assert "secret" not in said


@pytest.mark.parametrize(
    "text",
    [
        "s3://b/a@b:c.jpg",
        "s3://b/what?.jpg",
        "s3://b/200?/month=1/*.jpg",
        "abfs://c@account/a.jpg",
        "zip://12:30@home?n=1.jpg::abfs://c@account/x.zip",
        "zip://::photos@home.zip",
        "https://host:8080/a.jpg",
    ],
)
def test_signs_in_names_are_no_secret(text: str) -> None:
    assert location(text) == Address(text)


def test_joining_keeps_what_is_chained() -> None:
    assert str(Address("s3://b/out/") / "shards" / "x") == "s3://b/out/shards/x"
    assert str(Address("zip://::s3://b/x.zip") / "a.jpg") == "zip://a.jpg::s3://b/x.zip"


def test_a_zip_file_is_searched_like_a_folder(zipped: Path) -> None:
    found = find_pictures([Address(f"zip://::{zipped}")])
    assert [str(photo) for photo in found.paths] == [
        f"zip://shop/{n}.jpg::{zipped}" for n in range(4)
    ]
    assert found.left_out == {"hidden": 1, "in system folders": 1, "of other types": 1}


def test_lines_of_a_zip_file_are_those_of_its_folder(
    stub: Stub, photos: list[Path], zipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", photos[0].parent, "--format", "json") == 1
    expected = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert run("check", f"zip://shop::{zipped}", "--format", "json") == 1
    got = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert [row.pop("path") for row in got] == [f"zip://shop/{n}.jpg::{zipped}" for n in range(4)]
    assert [row.pop("path") for row in expected] == list(map(str, photos))
    assert got == expected


def test_crops_of_a_zip_file_are_classified_like_those_of_a_folder(
    photos: list[Path], zipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []
    for place in (photos[0].parent, f"zip://shop::{zipped}"):
        assert run("classify", place, "--format", "json") == 1
        rows = map(json.loads, capsys.readouterr().out.splitlines())
        seen.append([{**row, "path": None} for row in rows])
    assert seen[0] == seen[1]
    assert len(seen[0]) == len(photos)


def test_patterns_single_files_and_what_is_missing(memory: Any) -> None:
    memory.pipe({"/in/b.jpg": b"b", "/in/a.jpg": b"a", "/in/deep/c.jpg": b"c", "/in/d.txt": b"d"})
    texts = ["memory://in/*.jpg", "memory://in/d.txt", "memory://in/e.jpg", "memory://in/deep/"]
    found = find_pictures([Address(text) for text in texts])
    assert [str(photo).replace("///", "//") for photo in found.paths] == [
        "memory://in/a.jpg",
        "memory://in/b.jpg",
        "memory://in/d.txt",
        "memory://in/e.jpg",
        "memory://in/deep/c.jpg",
    ]


def test_results_among_the_photos_are_left_out(memory: Any) -> None:
    memory.pipe({"/in/a.jpg": b"a", "/in/annotated/001-a.jpg": b"a", "/in/out/b.jpg": b"b"})
    for out, n in (("memory://in", 2), ("memory://in/out/", 2), ("memory://other", 3)):
        assert len(find_pictures([Address("memory://in")], Address(out)).paths) == n


def test_a_listed_file_is_recognised_by_size_and_version(memory: Any) -> None:
    memory.pipe({"/in/a.jpg": b"abc"})
    first = stamp_of(Address("memory://in/a.jpg"))
    assert first.size_bytes == 3 and first.version
    assert find_pictures([Address("memory://in")]).paths[0].stamp == first  # type: ignore[union-attr]
    memory.pipe({"/in/a.jpg": b"abd"})
    assert stamp_of(Address("memory://in/a.jpg")) != first
    assert stamp_of(Address("memory://in/none.jpg")) == FileStamp()


def test_a_version_survives_the_journal_and_paths_have_none() -> None:
    report = PhotoReport("s3://b/a.jpg", None, "damaged")
    entry = Entry(report, 1, FileStamp(3, None, "etag"))
    assert parsed_entry("here", entry_line(entry), two_classes=False) == entry
    assert b"version" not in entry_line(Entry(report, 1, FileStamp(3, 4)))


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"", "empty file"), (b"text", "got something else")],
)
def test_what_cannot_be_used_is_said_as_for_a_path(
    content: bytes | None, words: str, memory: Any, tmp_path: Path
) -> None:
    if content is not None:
        memory.pipe({"/a.jpg": content})
        (tmp_path / "a.jpg").write_bytes(content)
    said = []
    for place in (tmp_path / "a.jpg", Address("memory://a.jpg")):
        with pytest.raises(ImageError, match=words) as caught:
            read_location(place)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_no_more_is_read_than_a_photo_may_have(memory: Any) -> None:
    memory.pipe({"/a.jpg": bytes(MAX_BYTES + 1000)})
    with pytest.raises(ImageError, match="expected at most 20 MB"):
        read_location(Address("memory://a.jpg"))
    fetched = next(fetching.fetch_ahead([Address("memory://a.jpg")], 1))
    assert isinstance(fetched, Fetched) and isinstance(fetched.data, bytes)
    assert len(fetched.data) == MAX_BYTES + 1


def test_a_server_that_sends_more_than_was_asked_for_is_not_read_to_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Endless:
        """A stream that gives less than it is asked for, and never ends."""

        n_read = 0

        def __enter__(self) -> "Endless":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, n: int) -> bytes:
            n = min(n, 1 << 20)
            self.n_read += n
            return bytes(n)

    stream = Endless()
    server = SimpleNamespace(protocol=("http", "https"), open=lambda *_, **__: stream)
    monkeypatch.setattr(fetching, "opened", lambda address: (server, "a.jpg"))
    with pytest.raises(ImageError, match="expected at most 20 MB"):
        read_location(Address("https://host/a.jpg"))
    assert stream.n_read == MAX_BYTES + 1


def test_a_read_that_nobody_wants_any_more_is_not_waited_for() -> None:
    gate, is_reading = threading.Event(), threading.Event()

    def read(n: int) -> int:
        if n:
            is_reading.set()
            assert gate.wait(10)
        return n

    mapped = fetching.map_ahead(read, range(4), 2)
    assert next(mapped) == 0
    assert is_reading.wait(10)
    closing = threading.Thread(target=mapped.close)
    closing.start()
    closing.join(5)
    was_waiting = closing.is_alive()
    gate.set()
    closing.join()
    assert not was_waiting


def test_what_a_service_says_of_an_error_is_not_repeated(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> bytes:
        raise RuntimeError("key AKIA-SECRET is not valid")

    monkeypatch.setattr(type(memory), "cat_file", refuse)
    with pytest.raises(TransientImageError) as caught:
        read_location(Address("memory://a.jpg"))
    assert str(caught.value) == "cannot read the file: RuntimeError"
    monkeypatch.setattr(type(memory), "find", refuse)
    with pytest.raises(AddressError, match="RuntimeError") as refused:
        find_pictures([Address("memory://in")])
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("package", "words"), [("fsspec.core", r"maskdet\[cloud\]"), ("s3fs", "s3fs")]
)
def test_a_missing_package_is_named(
    package: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    assert run("check", "s3://bucket/photos") == 2
    said = capsys.readouterr().err
    assert words in said or words.replace("\\", "") in said


def test_an_unknown_scheme_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "nope://bucket/photos") == 2
    assert "nope://bucket/photos: cannot be used" in capsys.readouterr().err


def test_results_at_an_address_are_those_of_a_folder(
    stub: Stub, photos: list[Path], memory: Any, tmp_path: Path
) -> None:
    local, there = tmp_path / "out", "memory://results"
    places = (
        (local, local / "r.csv", local / "r.json"),
        (there, f"{there}/r.csv", f"{there}/r.json"),
    )
    for out, csv, json_file in places:
        line = ("--out", out, "--csv", csv, "--json", json_file, "--annotate")
        assert run("check", photos[0].parent, *line) == 1
    for name in ("r.csv", "r.json", *(f"annotated/00{n}-{n - 1}.jpg" for n in (1, 2, 3))):
        assert memory.cat_file(f"/results/{name}") == (local / name).read_bytes()
    assert not [name for name in memory.find("/results") if name.endswith(".partial")]
    assert stub.n_checked == 6
    assert run("check", photos[0].parent, "--out", there, "--annotate") == 1
    assert stub.n_checked == 6
    assert run("check", photos[0].parent, "--out", there, "--annotate", "--fresh") == 1
    assert stub.n_checked == 9
    assert len(memory.ls(f"/results/{SHARDS}")) == 2


def test_a_report_that_cannot_be_written_fails_before_the_work(
    stub: Stub, photos: list[Path], memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "SECRET")

    monkeypatch.setattr(type(memory), "pipe_file", refuse)
    assert run("check", photos[0].parent, "--csv", "memory://r.csv") == 2
    assert stub.n_checked == 0


def test_photos_in_memory_and_results_in_a_folder(
    stub: Stub, photos: list[Path], memory: Any, tmp_path: Path
) -> None:
    memory.pipe({f"/in/{photo.name}": photo.read_bytes() for photo in photos})
    for _ in range(2):
        assert run("check", "memory://in", "--out", tmp_path / "out") == 1
    assert stub.n_checked == 3
    memory.pipe({"/in/1.jpg": photos[0].read_bytes()})
    assert run("check", "memory://in", "--out", tmp_path / "out") == 1
    assert stub.n_checked == 4
