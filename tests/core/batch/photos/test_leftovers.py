"""What a killed run leaves: removed by the next one, and nothing else."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from maskdet_core.batch.csv_lines import BOM
from maskdet_core.batch.photos import leftovers
from maskdet_core.batch.photos.folder import JOURNAL, Results
from maskdet_core.batch.photos.journal import Journal
from maskdet_core.batch.photos.report import csv_text
from tests.core.batch.fakes import Stub, run


def test_partial_reports_in_the_results_folder_are_removed(
    stub: Stub, photos: list[Path], out: Path
) -> None:
    out.mkdir()
    header = BOM + next(csv_text([])).encode()
    ours = {
        "r.csv.partial": header + b'"a.jpg",1',
        "just-opened.csv.partial": BOM,
        "empty.json.partial": b"",
        "r.json.partial": b'[\n{"path": "a.jpg"',
    }
    others = {
        "download.zip.partial": b"PK",
        "mine.csv.partial": b"name;age\n",
        "mine.json.partial": b'{"a": 1',
        "r.csv": b"whole",
    }
    for name, content in (ours | others).items():
        (out / name).write_bytes(content)
    run(photos[:1], Results(out))
    assert {path.name for path in out.iterdir()} == {*others, JOURNAL}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def killed_run(temporary: Path, name: str, age_s: float) -> Path:
    folder = temporary / f"{leftovers.TEMPORARY}{name}"
    folder.mkdir()
    Journal(folder / JOURNAL, {}).__exit__(None, None, None)
    os.utime(folder, (time.time() - age_s,) * 2)
    return folder


def test_journals_of_killed_runs_without_a_results_folder_are_removed(
    stub: Stub, photos: list[Path], temporary: Path, tmp_path: Path
) -> None:
    killed_run(temporary, "old", 2 * leftovers.STALE_S)
    new = killed_run(temporary, "new", 0)
    running = killed_run(temporary, "running", 2 * leftovers.STALE_S)
    other = killed_run(temporary, "other", 2 * leftovers.STALE_S)
    (other / "notes.txt").touch()
    os.utime(other, (1, 1))
    with Journal(running / JOURNAL, {}):
        run(photos[:1], Results(csv=tmp_path / "r.csv"))
        expected = {new, running, other} if os.name == "posix" else {new, other}
        assert set(temporary.iterdir()) >= expected
    assert not (temporary / f"{leftovers.TEMPORARY}old").exists()
