"""Terminals of other encodings, and readers that go away: no traceback, and the right status."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from maskdet_core.command_line import cli
from testbed.repository import REPO_ROOT
from tests.core.batch.fakes import Stub

NAME = "Größe 猫 😀.jpg"

PROGRAM = """
import sys
from maskdet_core.command_line import cli
from maskdet_core.command_line.command import Command, row_writer

def run(options):
    write = row_writer(options.format)
    for n in range(options.n):
        write({"path": options.name, "verdict": "with_mask", "p_with_mask": 0.9, "error": None})
    return 0

def add_arguments(parser):
    parser.add_argument("name")
    parser.add_argument("n", type=int)
    parser.add_argument("--format")

sys.exit(cli.main(commands=[Command("echo", "print rows", add_arguments, run)]))
"""


def environment(encoding: str) -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_names_on_a_terminal_of_another_encoding(encoding: str, form: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "echo", NAME, "1", "--format", form],
        cwd=REPO_ROOT,
        env=environment(encoding),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    if form == "json":
        assert json.loads(text)["path"] == NAME
    else:
        expected = NAME.encode(encoding, "backslashreplace").decode(encoding)
        assert text == f"{expected}: with_mask (p_with_mask 0.9)\n".replace("\n", os.linesep)


@pytest.mark.skipif(sys.platform == "win32", reason="the locale is POSIX's")
def test_missing_file_with_such_a_name_in_the_c_locale(tmp_path: Path) -> None:
    empty = tmp_path / NAME.removesuffix(".jpg")
    empty.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "maskdet_core", "classify", str(tmp_path / NAME), str(empty)],
        cwd=REPO_ROOT,
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"No such file" in done.stdout
    assert b"no pictures in this folder" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("n_rows", [1, 20_000])
def test_reader_that_goes_away_is_exit_status_0(n_rows: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "echo", "a.jpg", str(n_rows)],
        cwd=REPO_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        if n_rows > 1:
            assert process.stdout.readline().startswith(b"a.jpg: with_mask")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_folder_run_whose_reader_goes_away_keeps_its_journal(
    stub: Stub, photos: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ClosedPipe(io.BytesIO):
        def writelines(self, lines: object) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(ClosedPipe()))
    assert cli.main(["check", *map(str, photos), "--out", str(out), "--csv", "-"]) == 0
    assert len((out / "faces.jsonl").read_text().splitlines()) == 5
