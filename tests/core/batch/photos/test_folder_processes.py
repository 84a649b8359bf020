"""Folders in several processes, with the shipped network: same results, and Ctrl+C."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from maskdet_core import ModelError, load_classifier
from maskdet_core.batch.photos import check as photo_check
from maskdet_core.batch.photos.check import PhotoCheckConfig
from maskdet_core.batch.photos.folder import COPIES, JOURNAL, Results, check_folder
from testbed.repository import REPO_ROOT
from tests.core.batch.fakes import journal_rows


def test_a_worker_uses_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load_classifier(path: Path | None, n_threads: int) -> None:
        asked.append(n_threads)
        raise ModelError("enough seen")

    before = cv2.getNumThreads()
    with monkeypatch.context() as patch:
        patch.setattr(photo_check, "load_classifier", load_classifier)
        for load in (PhotoCheckConfig().load_in_worker, PhotoCheckConfig().load):
            with pytest.raises(ModelError):
                load()
    assert asked == [1, photo_check.N_THREADS]
    try:
        PhotoCheckConfig(finder="stock").load_in_worker()
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)


@pytest.fixture
def album(tmp_path: Path, portrait: NDArray[np.uint8]) -> Path:
    """Eighteen small portraits, one of them no picture."""
    folder = tmp_path / "album"
    folder.mkdir()
    for i in range(18):
        small = Image.fromarray(portrait).crop((100, 0, 400 + i, 300)).resize((200, 200))
        small.save(folder / f"{i:02d}.jpg")
    (folder / "05.jpg").write_text("no picture")
    return folder


def test_two_processes_write_what_one_writes(
    album: Path, tmp_path: Path, shipped_manifest: Path
) -> None:
    photos = sorted(album.iterdir())
    seen = []
    for n_jobs in (1, 2):
        out, target = tmp_path / str(n_jobs), tmp_path / f"{n_jobs}.csv"
        check = PhotoCheckConfig(shipped_manifest)
        counts = check_folder(photos, check, Results(out, target, annotate=True), n_jobs)
        assert (counts.n_photos, counts.n_unreadable) == (18, 1)
        copies = {path.name: path.read_bytes() for path in (out / COPIES).iterdir()}
        assert len(copies) == 17
        seen.append((target.read_bytes(), (out / JOURNAL).read_bytes(), copies))
    assert seen[0] == seen[1]
    assert [row["path"] for row in journal_rows(tmp_path / "2")] == list(map(str, photos))


# a shell may have started the tests with Ctrl+C switched off, which is inherited
COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from maskdet_core.command_line.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_a_journal_to_go_on_from(
    jobs: str, album: Path, tmp_path: Path, shipped_manifest: Path
) -> None:
    for photo in list(album.iterdir()):
        for i in range(20):
            shutil.copy(photo, album / f"{photo.stem}-{i}.jpg")
    out, target = tmp_path / "out", tmp_path / "r.csv"
    line = ["check", str(album), "--out", str(out), "--csv", str(target), "--jobs", jobs]
    line += ["--annotate", "--model", str(shipped_manifest)]
    going = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *line],
        cwd=REPO_ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 60
        while not (out / JOURNAL).is_file() or len(journal_lines(out)) < 4:
            assert going.poll() is None and time.monotonic() < end
            time.sleep(0.02)
        # to all processes, as a terminal does
        os.killpg(going.pid, signal.SIGINT)
        _, printed = going.communicate(timeout=60)
    finally:
        going.kill()
        going.wait()
    assert going.returncode == 130, printed
    assert "Traceback" not in printed
    assert "maskdet: stopped; the same command goes on from here" in printed
    assert not list(tmp_path.glob("r.csv*"))
    n_done = len(journal_rows(out))
    assert 3 <= n_done < 378
    first = sorted(album.iterdir())[: n_done + 2]
    counts = check_folder(first, PhotoCheckConfig(shipped_manifest), Results(out, annotate=True), 1)
    assert counts.n_photos == n_done + 2
    assert len(journal_rows(out)) == n_done + 2


def journal_lines(out: Path) -> list[bytes]:
    return (out / JOURNAL).read_bytes().splitlines()


@pytest.mark.parametrize("n_threads", [1, 2])
def test_the_number_of_threads_reaches_the_runtime(
    n_threads: int, shipped_manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ai_edge_litert import interpreter

    asked = []

    class Spy(interpreter.Interpreter):  # type: ignore[misc]
        def __init__(self, **values: Any) -> None:
            asked.append(values["num_threads"])
            super().__init__(**values)

    monkeypatch.setattr(interpreter, "Interpreter", Spy)
    load_classifier(shipped_manifest, n_threads=n_threads)
    assert asked == [n_threads]
