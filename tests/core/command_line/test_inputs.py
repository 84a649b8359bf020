"""Which files a folder search takes, and what it says of the others."""

import os
import sys
from pathlib import Path

import pytest

from maskdet_core.command_line import cli
from maskdet_core.command_line.inputs import find_pictures, list_pictures
from maskdet_core.pictures.picture_format import PICTURE_SUFFIXES
from tests.core.batch.fakes import Stub
from tests.core.cases import case

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    return folder


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in list_pictures([folder])]


def test_every_suffix_is_taken_in_any_case(album: Path) -> None:
    put(album, *(f"{n}{suffix}" for n, suffix in enumerate(PICTURE_SUFFIXES)))
    put(album, "A.JFIF", "B.Hif")
    assert len(names(album)) == len(PICTURE_SUFFIXES) + 2


def test_hidden_and_system_files_are_left_out_and_counted(album: Path) -> None:
    put(album, "1.jpg", "day/2.jpg", "._1.jpg", ".hidden.jpg", ".git/a.jpg", ".git/b/c")
    put(album, "__MACOSX/1.jpg", ".Trashes/3.jpg", "day/@eaDir/2.jpg", "$RECYCLE.BIN/4.jpg")
    put(album, "Thumbs/5.jpg", "Thumbs.db", "notes.txt", "film.mov")
    found = find_pictures([album])
    assert [path.name for path in found.paths] == ["1.jpg", "2.jpg"]
    assert found.left_out == {"hidden": 5, "in system folders": 4, "of other types": 3}
    assert found.left_out_text == (
        "12 files left out: 5 hidden, 4 in system folders, 3 of other types"
    )


def test_what_is_named_is_always_taken(album: Path) -> None:
    put(album, "._1.jpg", "scan", ".cache/2.jpg", "@eaDir/3.jpg")
    named = [album / "._1.jpg", album / "scan"]
    assert list_pictures(named) == named
    assert list_pictures([album / ".cache", album / "@eaDir"]) == [
        album / ".cache" / "2.jpg",
        album / "@eaDir" / "3.jpg",
    ]


def test_case_of_a_report(album: Path) -> None:
    (album / "._IMG_1.jpg").write_bytes(case("reports/._IMG_1.jpg").read_bytes())
    found = find_pictures([album])
    assert (found.paths, found.left_out_text) == ([], "1 file left out: 1 hidden")


@needs_links
def test_linked_folders_are_followed_once(album: Path, tmp_path: Path) -> None:
    put(album, "z/1.jpg", "1.jpg")
    put(tmp_path / "elsewhere", "2.jpg", "deep/3.jpg")
    (album / "a").symlink_to(album / "z")
    (album / "b").symlink_to(tmp_path / "elsewhere")
    (album / "c").symlink_to(tmp_path / "elsewhere" / "deep")
    (album / "z" / "up").symlink_to(album)
    (tmp_path / "elsewhere" / "deep" / "back").symlink_to(tmp_path / "elsewhere")
    (album / "link.jpg").symlink_to(tmp_path / "elsewhere" / "2.jpg")
    assert names(album) == ["1.jpg", "b/2.jpg", "b/deep/3.jpg", "link.jpg", "z/1.jpg"]


@needs_links
def test_dangling_links_are_counted(album: Path) -> None:
    put(album, "1.jpg")
    (album / "2.jpg").symlink_to(album / "gone.jpg")
    (album / "3.jpg").symlink_to(album / "3.jpg")
    found = find_pictures([album])
    assert [path.name for path in found.paths] == ["1.jpg"]
    assert found.left_out_text == "2 files left out: 2 dangling links"


@needs_links
def test_results_reached_by_a_link_are_left_out(album: Path, tmp_path: Path) -> None:
    put(album, "1.jpg")
    put(tmp_path / "results", "annotated/001-1.jpg")
    (album / "link").symlink_to(tmp_path / "results")
    assert len(list_pictures([album])) == 2
    found = find_pictures([album], tmp_path / "results")
    assert [path.name for path in found.paths] == ["1.jpg"]
    assert found.left_out_text == "1 file left out: 1 in the results folder"


def test_unreadable_folder_is_reported_and_exit_status_1(
    stub: Stub,
    photos: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = photos[0].parent
    photos[3].unlink()
    put(folder, "locked/5.jpg")
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert cli.main(["check", str(folder)]) == 1
    printed = capsys.readouterr()
    assert printed.out.count(": with_mask") == 3
    assert f"maskdet: {folder / 'locked'}: the folder cannot be read\n" in printed.err


@pytest.mark.parametrize("command", ["check", "classify"])
def test_empty_folder_is_one_line_and_exit_status_0(
    command: str, stub: Stub, album: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, str(album)]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"maskdet: {album}: no pictures in this folder\n"


def test_left_out_files_are_part_of_the_summary_line(
    stub: Stub, photos: list[Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(photos[0].parent, "._0.jpg", "notes.txt")
    assert cli.main(["check", str(photos[0].parent), "--out", str(out)]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("4 photos: 3 mask") and printed.count("\n") == 1
    assert printed.endswith("; 2 files left out: 1 hidden, 1 of other types\n")
    cli.main(["check", str(photos[0].parent)])
    assert "maskdet: 2 files left out: 1 hidden, 1 of other types\n" in capsys.readouterr().err


def test_patterns_are_expanded(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(album, "1.jpg", "2.jpg", "3.png", "[ab].jpg", "a.jpg", "deep/4.jpg")
    assert [path.name for path in list_pictures([album / "?.jpg"])] == ["1.jpg", "2.jpg", "a.jpg"]
    assert [path.name for path in list_pictures([album / "**" / "4.*"])] == ["4.jpg"]
    # an existing file is taken by its name
    assert list_pictures([album / "[ab].jpg"]) == [album / "[ab].jpg"]
    assert list_pictures([album / "*.webp"]) == [album / "*.webp"]
    monkeypatch.chdir(album)
    assert [str(path) for path in list_pictures([Path("*.png")])] == ["3.png"]


def test_pattern_without_a_match_is_a_missing_file(
    stub: Stub, album: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(album / "*.jpg")]) == 1
    assert "No such file" in capsys.readouterr().out
