"""`check --report`: the HTML report of a run, also of one that was resumed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from maskdet_core import FaceBox
from maskdet_core.batch.photos import folder_document
from maskdet_core.batch.photos.folder import COPIES, JOURNAL
from maskdet_core.batch.photos.folder_document import common_folder
from maskdet_core.batch.storage.addresses import location
from maskdet_core.command_line import cli
from maskdet_core.errors import WorkerError
from tests.core.batch.fakes import Stub, map_in_this_process
from tests.core.html_report.parsed import Parsed

NO_PICTURE = "No picture"


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_document, "map_in_order", map_in_this_process)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "r.html"


def check(*arguments: object) -> int:
    return cli.main(["check", *map(str, arguments)])


def read(path: Path) -> Parsed:
    return Parsed(path.read_text(encoding="utf-8"))


def test_report_of_a_folder(
    stub: Stub, photos: list[Path], target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(photos[0].parent, "--report", target) == 1
    page = read(target)
    assert len(page.all("img")) == 3
    # names from the folder on: who gets the report need not know where it lies
    assert page.text.count("Photos checked: 4 · Folder photos · Not usable: 1") == 1
    assert "0.jpg" in page.texts and str(photos[0].parent) not in target.read_text()
    assert "Mask 3" in page.text and "stub (SHA-256 000000000000…)" in page.text
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_resumed_run_takes_the_pictures_from_the_files_again(
    stub: Stub, photos: list[Path], out: Path, target: Path
) -> None:
    check(*photos, "--out", out)
    assert check(*photos, "--out", out, "--report", target) == 1
    assert stub.n_checked == 3
    assert len(read(target).all("img")) == 3
    assert not (out / COPIES).exists()


def test_settings_of_the_report_are_none_of_the_journal(
    stub: Stub, photos: list[Path], out: Path, target: Path
) -> None:
    check(photos[0], "--out", out)
    assert check(photos[0], "--out", out, "--report", target, "--blur", "--language", "es") == 0
    blurred = read(target)
    assert "difuminadas" in blurred.text and stub.n_checked == 1
    assert json.loads((out / JOURNAL).read_text().splitlines()[0])["settings"]["blur"] is False
    assert check(photos[0], "--out", out, "--report", target, "--no-pictures") == 0
    assert read(target).all("img") == []


def test_file_that_changed_while_the_report_was_made_has_no_picture(
    stub: Stub, photos: list[Path], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_html = folder_document.write_html

    def change_first(*arguments: Any) -> None:
        Image.new("RGB", (80, 60)).save(photos[0])
        os.utime(photos[0], (1, 1))
        photos[1].unlink()
        write_html(*arguments)

    monkeypatch.setattr("maskdet_core.batch.photos.folder.write_html", change_first)
    check(*photos, "--report", target)
    page = read(target)
    assert len(page.all("img")) == 1
    assert sum(NO_PICTURE in text for text in page.texts) == 2


def test_two_classes_reach_table_and_picture(stub: Stub, photos: list[Path], target: Path) -> None:
    stub.classifier.probabilities, stub.classifier.p_worn_wrong = (0.125,), 0.5
    assert check(photos[0], "--two-classes", "--min-confidence", 0.8, "--report", target) == 0
    text = read(target).text.replace("\u00a0", " ")
    assert "No mask 12 % 87 %" in text and "80 %" in text


def test_faces_beyond_the_cap_are_told(
    stub: Stub, photos: list[Path], stub_finder: Any, target: Path
) -> None:
    stub.finder = stub_finder(FaceBox(1, 1, 9, 9), FaceBox(30, 30, 9, 9))
    stub.values = {"max_faces": 1}
    check(photos[0], "--report", target)
    assert "At most 1 are judged in one photo" in read(target).text


def test_report_on_standard_output(
    stub: Stub, photos: list[Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert check(photos[0], "--report", "-") == 0
    text = capsysbinary.readouterr().out.decode("utf-8")
    assert text.startswith("<!DOCTYPE html>\n") and len(Parsed(text).all("img")) == 1
    assert not Path("-").exists()


def test_failure_leaves_the_old_report(
    stub: Stub, photos: list[Path], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.write_text("old")

    def die(*arguments: Any) -> Any:
        raise WorkerError("a worker process ended unexpectedly")
        yield

    monkeypatch.setattr(folder_document, "map_in_order", die)
    assert check(photos[0], "--report", target) == 2
    assert target.read_text() == "old" and list(target.parent.glob("*.partial")) == []


def test_pictures_come_from_worker_processes(
    stub: Stub, photos: list[Path], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maskdet_core.batch.processes.workers import map_in_order

    monkeypatch.setattr(folder_document, "map_in_order", map_in_order)
    check(*photos[:2], "--report", target)
    assert len(read(target).all("img")) == 2


def pictures_of(page: Parsed) -> list[Any]:
    return [image["src"] for image in page.all("img")]


@pytest.mark.parametrize("out", ["folder", "address"])
def test_photos_and_results_at_addresses_give_the_report_of_a_folder(
    stub: Stub, photos: list[Path], memory: Any, tmp_path: Path, target: Path, out: str
) -> None:
    check(photos[0].parent, "--report", target)
    local = read(target)
    memory.pipe({f"/bucket/photos/{photo.name}": photo.read_bytes() for photo in photos})
    place = tmp_path / "out" if out == "folder" else "memory://results"
    for _ in range(2):
        assert check("memory://bucket", "--out", place, "--report", "memory://r.html") == 1
    assert stub.n_checked == 6
    there = Parsed(memory.cat_file("/r.html").decode("utf-8"))
    assert pictures_of(there) == pictures_of(local) and len(pictures_of(there)) == 3
    assert "bucket" not in there.text
    assert [text for text in there.texts if "UTC" not in text] == [
        text for text in local.texts if "UTC" not in text
    ]


def test_photo_at_an_address_that_changed_or_went_has_no_picture(
    stub: Stub, photos: list[Path], memory: Any, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe({f"/in/{photo.name}": photo.read_bytes() for photo in photos})
    write_html = folder_document.write_html

    def change_first(*arguments: Any) -> None:
        memory.pipe({"/in/0.jpg": photos[1].read_bytes()})
        memory.rm("/in/1.jpg")
        write_html(*arguments)

    monkeypatch.setattr("maskdet_core.batch.shards.check.write_html", change_first)
    check("memory://in", "--out", "memory://out", "--report", target)
    page = read(target)
    assert len(page.all("img")) == 1
    assert sum(NO_PICTURE in text for text in page.texts) == 2


@pytest.mark.parametrize(
    ("photos", "folder"),
    [
        ([], None),
        (["a.jpg"], ""),
        (["in/a.jpg", "in/b.jpg"], "in"),
        (["in/x/a.jpg", "in/y/b.jpg"], "in"),
        (["in/a.jpg", "/b.jpg"], None),
        (["/in/a.jpg", "/in/x/b.jpg"], "/in"),
        (["s3://shop/in/a.jpg", "s3://shop/in/x/b.jpg"], "shop/in"),
        (["zip://in/a.jpg::s3://shop/a.zip", "zip://in/b.jpg::s3://shop/a.zip"], "in"),
        (["zip://in/a.jpg::s3://shop/a.zip", "zip://in/b.jpg::s3://shop/b.zip"], None),
        (["s3://shop/a.jpg", "gs://shop/b.jpg"], None),
        (["shop/a.jpg", "s3://shop/b.jpg"], None),
    ],
)
def test_common_folder(photos: list[str], folder: str | None) -> None:
    assert common_folder(list(map(location, photos))) == (None if folder is None else Path(folder))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--language", "es"], "--language needs --report"),
        (["--no-pictures"], "--no-pictures needs --report"),
        (["--report", "r.html", "--language", "xx"], "invalid choice"),
        (["--report", "r", "--csv", "r"], "got one for two"),
        (["--report", "r.html", "--format", "json"], "--format is for standard output"),
        (["--report", "/"], "expected a file to write"),
        (["--blur"], "--blur needs --annotate or --report"),
    ],
)
def test_wrong_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("x.jpg", *arguments) == 2
    assert message in capsys.readouterr().err
