"""Photos that end their worker process: how they are recorded, and that the others go on."""

import json
import shutil
import sys
from functools import partial
from pathlib import Path

import pytest

from maskdet_core.batch.photos import folder as folder_check
from maskdet_core.batch.photos.folder import Results, check_folder
from maskdet_core.batch.processes.workers import map_in_order
from maskdet_core.command_line import check, classify, cli
from tests.core.batch.fakes import (
    FaultyCheckConfig,
    FaultyCropCheckConfig,
    journal_rows,
    table,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the signals are POSIX's")

TOO_LONG = "refused: it takes more than 120 s of processor time"
CRASH = "refused: it crashes the decoder or the detection"
KILLED = "cannot be checked at the moment: its process was killed"


@pytest.fixture
def album(photos: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Eighteen photos, three of which end the process that checks them first."""
    impatient = partial(map_in_order, max_cpu_s=2.0)
    for command in (folder_check, classify):
        monkeypatch.setattr(command, "map_in_order", impatient)
    faults = {4: "-spin", 5: "-SIGSEGV", 6: "-SIGKILL"}
    album = [photos[0].with_name(f"{i:02d}{faults.get(i, '')}.jpg") for i in range(18)]
    for path in album:
        shutil.copy(photos[0], path)
    return album


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_journal_has_refused_photos_and_a_resumed_run_tries_killed_ones(
    n_jobs: int, album: list[Path], out: Path, tmp_path: Path, shipped_manifest: Path
) -> None:
    config = FaultyCheckConfig(shipped_manifest)
    target = tmp_path / "r.csv"
    for n_unreadable, third in ((3, KILLED), (2, None)):
        counts = check_folder(album, config, Results(out, target), n_jobs)
        assert (counts.n_photos, counts.n_unreadable) == (18, n_unreadable)
        errors = [row["error"] for row in table(target)]
        assert errors[4:6] == [TOO_LONG, CRASH]
        assert errors[6].startswith(third) if third else not errors[6]
        assert not any(errors[:4] + errors[7:])
    # the others were not checked again
    rows = journal_rows(out)
    assert [row["path"] for row in rows] == [*map(str, album), str(album[6])]
    assert check_folder(album, config, Results(out), n_jobs).n_unreadable == 2
    assert len(journal_rows(out)) == len(rows)


def test_a_single_photo_does_not_end_the_command(
    album: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    shipped_manifest: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(check, "PhotoCheckConfig", FaultyCheckConfig)
    line = ["check", str(album[5]), "--format", "json", "--model", str(shipped_manifest)]
    assert cli.main(line) == 1
    assert json.loads(capsys.readouterr().out)["error"] == CRASH


def test_classify_goes_on_after_each_fault(
    album: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    shipped_manifest: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(classify, "CropCheckConfig", FaultyCropCheckConfig)
    line = ["classify", *map(str, album[3:8]), "--format", "json", "--model", str(shipped_manifest)]
    assert cli.main(line) == 1
    rows = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [row["path"] for row in rows] == list(map(str, album[3:8]))
    errors = [row["error"] for row in rows]
    assert errors[1:3] == [TOO_LONG, CRASH]
    assert errors[3].startswith(KILLED)
    assert all(error is None or error.startswith("no face") for error in (errors[0], errors[4]))
