"""``check`` on folders: where results go, exit statuses, progress."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from maskdet_core import FaceBox
from maskdet_core.batch.photos import folder as folder_check
from maskdet_core.batch.photos.folder import COPIES, JOURNAL
from maskdet_core.command_line import cli
from maskdet_core.errors import WorkerError
from maskdet_core.pictures.decode import decode_image
from tests.core.batch.fakes import Stub, journal_rows, table


def check(*arguments: object) -> int:
    return cli.main(["check", *map(str, arguments)])


def test_files_replace_the_printed_lines(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "r.csv"
    assert check(photos[0].parent, "--out", out, "--annotate", "--csv", target) == 1
    assert [row["photo"] for row in table(target)] == list(map(str, photos))
    assert len(list((out / COPIES).iterdir())) == 3
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_exit_status_counts_earlier_runs(stub: Stub, photos: list[Path], out: Path) -> None:
    assert check(photos[0].parent, "--out", out) == 1
    assert check(photos[0].parent, "--out", out) == 1
    assert check(photos[0], "--out", out) == 0
    assert stub.n_checked == 3


def test_a_folder_without_photos(stub: Stub, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert check(tmp_path / "empty", "--json", tmp_path / "r.json") == 0
    assert json.loads((tmp_path / "r.json").read_text()) == []


@pytest.mark.parametrize("inside", ["photos/results", "photos"])
def test_copies_are_not_checked(
    inside: str, stub: Stub, photos: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / inside
    (tmp_path / "photos" / "results-2020").mkdir()
    photos[2].rename(tmp_path / "photos" / "results-2020" / "2.jpg")
    for _ in range(2):
        check(photos[0].parent, "--out", out, "--annotate")
    assert [Path(row["path"]).name for row in journal_rows(out)] == [
        "0.jpg",
        "1.jpg",
        "3.jpg",
        "2.jpg",
    ]
    assert stub.n_checked == 3


def test_a_copy_that_is_named_directly_is_checked(
    stub: Stub, photos: list[Path], out: Path
) -> None:
    check(photos[0], "--out", out, "--annotate")
    assert check(out / COPIES / "001-0.jpg", "--out", out, "--annotate") == 0
    assert len(journal_rows(out)) == 2


@pytest.mark.parametrize("form", ["csv", "json"])
def test_report_on_standard_output(
    form: str, stub: Stub, photos: list[Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert check(*photos[:2], f"--{form}", "-") == 0
    text = capsysbinary.readouterr().out.decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(text))) if form == "csv" else json.loads(text)
    # no byte-order mark before the first column's name
    assert [row["photo" if form == "csv" else "path"] for row in rows] == list(map(str, photos[:2]))
    assert not Path("-").exists()


def test_options_reach_the_settings(stub: Stub, photos: list[Path], out: Path) -> None:
    arguments = ["--min-face", 30, "--min-confidence", 0.7, "--annotate", "--blur", "--two-classes"]
    assert check(photos[0], "--out", out, *arguments) == 0
    settings = json.loads((out / JOURNAL).read_text().splitlines()[0])["settings"]
    assert (settings["min_face_px"], settings["min_confidence"]) == (30, 0.7)
    assert (settings["annotate"], settings["blur"], settings["two_classes"]) == (True,) * 3
    assert decode_image((out / COPIES / "001-0.jpg").read_bytes()).shape == (60, 80, 3)


def test_other_settings_are_refused_and_fresh_starts_over(
    stub: Stub, photos: list[Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(photos[0], "--out", out)
    capsys.readouterr()
    assert check(photos[0], "--out", out, "--min-confidence", 0.9) == 2
    printed = capsys.readouterr().err
    assert "min_confidence was 0.6 and is now 0.9" in printed and "--fresh" in printed
    assert check(photos[0], "--out", out, "--min-confidence", 0.9, "--fresh") == 0


@pytest.mark.parametrize("target", ["no/such/folder.csv", "photos/0.jpg/r.csv"])
def test_report_that_cannot_be_written_is_exit_status_2(
    target: str, stub: Stub, photos: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(photos[0], "--csv", tmp_path / target) == 2
    assert Path(target).name in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["--out", "out"], "maskdet: stopped; the same command goes on from here\n"),
        (["--csv", "r.csv"], "maskdet: stopped\n"),
        ([], "maskdet: stopped\n"),
    ],
)
def test_ctrl_c_is_exit_status_130(
    arguments: list[str],
    printed: str,
    stub: Stub,
    photos: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop(image_rgb: Any, *, min_face_px: int) -> list[FaceBox]:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stub.finder, "find", stop)
    assert check(*photos, *arguments) == 130
    assert capsys.readouterr().err == printed


def test_a_dead_worker_is_exit_status_2(
    stub: Stub,
    photos: list[Path],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def die(*arguments: Any) -> Any:
        raise WorkerError("a worker process ended unexpectedly")

    monkeypatch.setattr(folder_check, "map_in_order", die)
    monkeypatch.setattr(folder_check, "MIN_PHOTOS_PER_JOB", 1)
    assert check(*photos, "--out", out, "--jobs", 2) == 2
    assert capsys.readouterr().err == "maskdet: a worker process ended unexpectedly\n"


def test_progress_is_shown_on_a_terminal(
    stub: Stub,
    photos: list[Path],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    check(photos[3], "--out", out)
    assert "\r" not in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    check(*photos, "--out", out)
    printed = capsys.readouterr().err
    assert "1/4" in printed and "4/4" in printed and "photo/s" in printed
    assert "3 mask, 0 no mask, 0 not sure, 1 unread" in printed


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_cannot_control_the_terminal(
    stub: Stub, photos: list[Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    name = b"\x1b[2Jcaf\xe9\n.jpg".decode("utf-8", "surrogateescape")
    odd = photos[0].rename(photos[0].with_name(name))
    assert check(odd) == 0
    assert b" [2Jcaf\xef\xbf\xbd .jpg: with_mask" in capsysbinary.readouterr().out
    assert check(odd, "--format", "json") == 0
    assert json.loads(capsysbinary.readouterr().out)["path"].endswith("\x1b[2Jcaf\ufffd\n.jpg")


def test_faces_beyond_the_cap_are_reported(
    stub: Stub, photos: list[Path], stub_finder: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.finder = stub_finder(FaceBox(1, 1, 9, 9), FaceBox(30, 30, 9, 9))
    stub.values = {"max_faces": 1}
    assert check(photos[0], "--format", "json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["n_unjudged"] == 1
    assert "0.jpg: 1 more faces not judged" in printed.err
