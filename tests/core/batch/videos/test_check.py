"""``check`` on videos: rows, results folder, resuming, files that end their process."""

import csv
import json
import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from maskdet_core.batch.videos.check import check_videos
from maskdet_core.batch.videos.folder import (
    FILM,
    MOMENTS,
    RESULT,
    TRACKS,
    VIDEOS,
    Row,
    folder_name,
)
from maskdet_core.batch.videos.report import TRACK_COLUMNS, failed_video_json, tracks_csv_text
from maskdet_core.command_line import check as check_command
from maskdet_core.command_line import cli
from maskdet_core.command_line.inputs import find_pictures
from maskdet_core.errors import JournalError
from maskdet_core.video.limits import VideoLimits
from testbed.pictures.films import film_bytes
from testbed.repository import REPO_ROOT
from tests.core.batch.fakes import Stub
from tests.core.batch.videos.videos import PaintedConfig
from tests.core.html_report.parsed import Parsed
from tests.core.video.painted import Painted, film


def people_at(at_s: float) -> list[Painted]:
    return [(100, 80, "bare", 1)]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "films" / "door cam.mp4"
    path.parent.mkdir()
    path.write_bytes(film_bytes(film(1.0, people_at)))
    return path


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch, stub: Stub) -> None:
    monkeypatch.setattr(check_command, "VideoCheckConfig", PaintedConfig)


def run(videos: list[Path], config: PaintedConfig, **options: Any) -> list[tuple[Row, bool]]:
    with closing(check_videos(videos, config, lambda *_: None, **options)) as rows:
        return list(rows)


def test_a_results_folder_and_resuming(video: Path, tmp_path: Path) -> None:
    config = PaintedConfig(out=tmp_path / "out", annotate=True)
    told = []
    with closing(check_videos([video, video], config, lambda *one: told.append(one))) as steps:
        ((row, was_done),) = steps
    assert not was_done
    assert {path for path, _ in told} == {video}
    assert (row["kind"], row["schema"], row["n_people"], row["error"]) == ("video", 1, 1, None)
    assert row["people_by_verdict"]["without_mask"] == 1
    assert row["by_second"]["without_mask"] == [1]
    folder = tmp_path / "out" / VIDEOS / folder_name(video)
    assert (row["folder"], row["annotated"]) == (folder.name, FILM)
    assert folder.name.startswith("door-cam-")
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert names == {RESULT, TRACKS, FILM, row["moments"][0]["picture"]}
    with av.open(str(folder / FILM)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 10
    # done and unchanged: not checked again, whatever happens to the rest
    assert run([video], config) == [(row, True)]
    for gone in (FILM, TRACKS, f"{MOMENTS}/{row['moments'][0]['picture']}"):
        (folder / gone).unlink()
        assert run([video], config)[0][1] is False
        assert (folder / gone).is_file()
    video.write_bytes(film_bytes(film(0.5, people_at)))
    ((changed, was_done),) = run([video], config)
    assert not was_done
    assert changed["length_s"] == pytest.approx(0.5, abs=0.1)


def test_an_interrupted_video_is_checked_from_its_beginning(video: Path, tmp_path: Path) -> None:
    config = PaintedConfig(out=tmp_path / "out", annotate=True)
    folder = tmp_path / "out" / VIDEOS / folder_name(video)
    (folder / MOMENTS).mkdir(parents=True)
    for name in (FILM, FILM + ".partial", f"{MOMENTS}/001-person-9.jpg"):
        (folder / name).write_bytes(b"half")
    ((row, was_done),) = run([video], config)
    assert not was_done
    assert (folder / FILM).read_bytes() != b"half"
    assert not (folder / (FILM + ".partial")).exists()
    assert [path.name for path in (folder / MOMENTS).iterdir()] == [row["moments"][0]["picture"]]


def test_other_settings_are_refused_unless_fresh(video: Path, tmp_path: Path) -> None:
    run([video], PaintedConfig(out=tmp_path))
    other = PaintedConfig(out=tmp_path, min_face_px=40)
    with pytest.raises(JournalError, match=r"other settings .*min_face_px"):
        run([video], other)
    assert run([video], other, fresh=True)[0][1] is False


def test_another_longest_length_is_another_setting(video: Path, tmp_path: Path) -> None:
    run([video], PaintedConfig(out=tmp_path))
    other = PaintedConfig(out=tmp_path, limits=VideoLimits(max_length_s=60.0))
    with pytest.raises(JournalError, match=r"other settings .*max_length_s"):
        run([video], other)


def begun(out: Path, video: Path) -> Path:
    """The folder of a video, as a process leaves it that is ended in its midst."""
    folder = out / VIDEOS / folder_name(video)
    (folder / MOMENTS).mkdir(parents=True)
    for name in (FILM + ".partial", TRACKS, f"{MOMENTS}/001-person-9.jpg"):
        (folder / name).write_bytes(b"half")
    return folder


def test_a_process_that_ends_leaves_no_faces(video: Path, tmp_path: Path) -> None:
    crash = video.with_name("crash.mp4")
    crash.write_bytes(video.read_bytes())
    folder = begun(tmp_path, crash)
    ((row, _),) = run([crash], PaintedConfig(out=tmp_path, annotate=True))
    assert row["error"] is not None
    assert list(folder.iterdir()) == []


def test_fresh_discards_interrupted_videos_and_nothing_else(video: Path, tmp_path: Path) -> None:
    folder = begun(tmp_path, video.with_name("other.mp4"))
    theirs = [folder.parent / "holiday" / FILM, begun(tmp_path, video) / "notes.txt"]
    theirs[0].parent.mkdir()
    for path in theirs:
        path.write_bytes(b"not ours")
    run([], PaintedConfig(out=tmp_path), fresh=True)
    assert not folder.exists()
    assert [path.read_bytes() for path in theirs] == [b"not ours", b"not ours"]
    assert list(theirs[1].parent.iterdir()) == [theirs[1]]


def test_a_video_that_ends_the_process_costs_only_itself(video: Path, tmp_path: Path) -> None:
    crash = video.with_name("crash.mp4")
    crash.write_bytes(video.read_bytes())
    broken = video.with_name("broken.mp4")
    broken.write_bytes(b"no video")
    rows = [row for row, _ in run([broken, crash, video], PaintedConfig(out=tmp_path))]
    assert [row["error"] is None for row in rows] == [False, False, True]
    assert "expected a video" in rows[0]["error"]
    assert "its process was killed" in rows[1]["error"]
    # none of these is done
    assert [done for _, done in run([broken, crash, video], PaintedConfig(out=tmp_path))] == [
        False,
        False,
        True,
    ]


def test_photos_and_videos_in_one_command(
    painted: None, photos: list[Path], video: Path, tmp_path: Path, capsys: Any
) -> None:
    reports = [tmp_path / name for name in ("r.json", "t.csv", "f.csv")]
    arguments = ["check", photos[0], video, "--json", reports[0], "--tracks", reports[1]]
    assert cli.main([*map(str, arguments), "--csv", str(reports[2])]) == 0
    photo, film_row = json.loads(reports[0].read_text("utf-8"))
    assert photo["path"] == str(photos[0])
    assert (film_row["path"], film_row["n_people"]) == (str(video), 1)
    with reports[1].open(encoding="utf-8-sig", newline="") as file:
        (track,) = csv.DictReader(file)
    assert tuple(track) == TRACK_COLUMNS
    assert (track["person"], track["start_s"], track["verdict"]) == ("1", "0.0", "without_mask")
    said = capsys.readouterr().err
    assert "1 video: 1 person, each once: 0 mask, 0 worn wrong, 1 no mask" in said


RECIPE = re.compile(r"--json - \| (jq) (-e) '(.+)'")


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq")
def test_the_recipe_of_the_documentation_counts_people_in_videos(
    painted: None, photos: list[Path], video: Path, tmp_path: Path
) -> None:
    found = RECIPE.search((REPO_ROOT / "docs" / "command-line.md").read_text("utf-8"))
    assert found is not None

    def says(rows: list[Row]) -> int:
        text = json.dumps(rows)
        return subprocess.run(found.groups(), input=text, text=True, check=False).returncode

    report = tmp_path / "r.json"
    assert cli.main(["check", str(photos[0]), str(video), "--json", str(report)]) == 0
    photo, row = json.loads(report.read_text("utf-8"))
    for face in photo["faces"]:
        face["verdict"] = "with_mask"
    assert says([photo, failed_video_json("x.mp4", "damaged")]) == 0
    # who has no mask for a while only is found as well
    (person,) = row["people"]
    assert person["intervals"][0]["verdict"] == "without_mask"
    person["verdict"] = "with_mask"
    assert says([photo, row]) == 1
    person["intervals"][0]["verdict"] = "with_mask"
    assert says([photo, row]) == 0


def test_pictures_of_moments_are_blurred_without_a_film(
    painted: None, video: Path, tmp_path: Path
) -> None:
    made = []
    for out, more in ((tmp_path / "a", []), (tmp_path / "b", ["--blur"])):
        assert cli.main(["check", str(video), "--out", str(out), *more]) == 0
        (picture,) = (out / VIDEOS / folder_name(video) / MOMENTS).iterdir()
        made.append(np.asarray(Image.open(picture)).astype(int))
    sharp, blurred = (np.abs(np.diff(one[60:100, 60:100, 0], axis=1)).mean() for one in made)
    assert blurred < 0.7 * sharp


@pytest.mark.parametrize("with_folder", [False, True])
def test_an_html_report_has_videos_and_their_moments(
    painted: None, video: Path, tmp_path: Path, *, with_folder: bool
) -> None:
    report = tmp_path / "r.html"
    command = ["check", str(video), "--report", str(report)]
    if with_folder:
        command += ["--out", str(tmp_path / "out")]
        # the second run has the pictures from the folder
        assert cli.main(command) == 0
    assert cli.main(command) == 0
    shown = Parsed(report.read_text(encoding="utf-8"))
    assert "Videos checked: 1" in shown.text
    assert "door cam.mp4" in shown.texts
    assert "0:00.0–0:00.9 No mask" in shown.texts
    (picture,) = shown.all("img")
    assert picture["src"].startswith("data:image/jpeg;base64,")
    assert str(tmp_path) not in shown.text


def test_an_html_report_may_do_without_pictures(painted: None, video: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.html"
    assert cli.main(["check", str(video), "--report", str(report), "--no-pictures"]) == 0
    shown = Parsed(report.read_text(encoding="utf-8"))
    assert "Person 1" in shown.texts
    assert shown.all("img") == []


def test_lines_on_standard_output(painted: None, video: Path, capsys: Any) -> None:
    assert cli.main(["check", str(video)]) == 0
    assert capsys.readouterr().out == f"{video}: person 1 without_mask 0.0–0.9 s\n"
    assert cli.main(["check", str(video), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(video)
    assert cli.main(["check", str(video), "--max-video-hours", "0.0001"]) == 1
    assert "expected at most 0:00 min, got 0:01 min" in capsys.readouterr().out


def test_folders_are_searched_for_videos_where_they_are_asked_for(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.MP4", "c.gif", "d.txt"):
        (tmp_path / name).touch()
    (tmp_path / "out" / VIDEOS / "x").mkdir(parents=True)
    (tmp_path / "out" / VIDEOS / "x" / FILM).touch()
    found = find_pictures([tmp_path], tmp_path / "out", with_videos=True)
    assert [path.name for path in found.paths] == ["a.jpg"]
    assert [path.name for path in found.videos] == ["b.MP4", "c.gif"]
    found = find_pictures([tmp_path], tmp_path / "out")
    assert found.videos == []
    assert find_pictures([tmp_path / "b.MP4"]).paths == [tmp_path / "b.MP4"]


def test_names_in_the_csv_are_no_formulas() -> None:
    lines = list(tracks_csv_text([failed_video_json("=cmd.mp4", "damaged")]))
    assert lines[1] == '"\'=cmd.mp4","","error","","","","","damaged"\r\n'
