"""``--engine ray``: what it refuses, and a real cluster with an actor that is killed."""

import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from maskdet_core.batch.photos.check import PhotoCheckConfig
from maskdet_core.batch.photos.folder import COPIES, Results
from maskdet_core.batch.shards import ray_engine
from maskdet_core.batch.shards.check import check_by_shards, check_here
from maskdet_core.batch.shards.ray_engine import ShardWorker
from maskdet_core.batch.shards.store import SHARDS, Shard, ShardStore, cut_into_shards
from maskdet_core.command_line import cli
from maskdet_core.errors import JournalError
from maskdet_core.pictures.decode import read_image
from maskdet_core.pictures.encode import encode_jpeg
from maskdet_core.pictures.resize import shrink_within
from testbed.repository import REPO_ROOT
from tests.core.batch.fakes import FaultyCheckConfig, Stub

SAMPLES = sorted((REPO_ROOT / "maskdet_app" / "photo" / "samples").glob("*.jpg"))
N_PHOTOS = 300
HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed")


def run(*arguments: object) -> int:
    return cli.main(list(map(str, arguments)))


def test_it_needs_a_results_folder(photos: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", photos[0], "--engine", "ray") == 2
    assert "--engine ray needs --out" in capsys.readouterr().err


def test_a_missing_package_is_named(
    stub: Stub,
    photos: list[Path],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(ray_engine, "find_spec", lambda name: None)
    assert run("check", photos[0], "--engine", "ray", "--out", out) == 2
    assert "maskdet[ray]" in capsys.readouterr().err


@needs_ray
def test_photos_in_this_process_alone_are_refused(
    stub: Stub, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", "memory://a.jpg", "--engine", "ray", "--out", out) == 2
    assert "all machines" in capsys.readouterr().err


@needs_ray
def test_results_in_this_process_alone_are_refused(
    stub: Stub, photos: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", photos[0], "--engine", "ray", "--out", "memory://ray") == 2
    assert "all machines" in capsys.readouterr().err


def test_a_folder_of_another_engine_is_refused(
    stub: Stub, photos: list[Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", photos[0], "--out", out) == 0
    assert run("check", photos[0], "--engine", "ray", "--out", out) == 2
    assert "faces.jsonl" in capsys.readouterr().err


def checked(worker: ShardWorker, shard: Shard) -> tuple[int, bytes]:
    return worker.check(pickle.dumps(shard))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_lost_process_costs_an_actor_nothing_but_the_photo_at_fault(
    photos: list[Path], tmp_path: Path, shipped_manifest: Path
) -> None:
    for i, name in enumerate(("0-SIGKILL.jpg", "1-SIGSEGV.jpg", "2.jpg")):
        photos[i] = photos[i].rename(photos[i].with_name(name))
    config = FaultyCheckConfig(shipped_manifest)
    store = ShardStore(tmp_path, config.load().settings())
    store.open(fresh=False)
    (shard,) = cut_into_shards(photos, numbered=False)
    assert checked(ShardWorker(config, store, None), shard) == (4, b"")
    errors = [report.error or "" for report in store.reports([shard.name], photos)]
    assert ["crashes the decoder" in error for error in errors] == [False, True, False, False]
    # what was killed for lack of memory was tried once more
    assert errors[0] == errors[2] == ""
    assert store.open(fresh=False)[0] == {shard.name}


def test_a_shard_that_is_done_is_not_done_again(
    photos: list[Path], tmp_path: Path, shipped_manifest: Path
) -> None:
    config = PhotoCheckConfig(shipped_manifest)
    store = ShardStore(tmp_path, config.load().settings())
    store.open(fresh=False)
    (shard,) = cut_into_shards(photos, numbered=False)
    journal = tmp_path / SHARDS / f"{shard.name}.jsonl"
    journal.write_bytes(b"done by an actor that died before it could tell")
    assert checked(ShardWorker(config, store, None), shard) == (4, b"")
    assert journal.read_bytes().startswith(b"done by")


def test_another_installation_is_refused(
    photos: list[Path], tmp_path: Path, shipped_manifest: Path
) -> None:
    config = PhotoCheckConfig(shipped_manifest)
    store = ShardStore(tmp_path, {**config.load().settings(), "model_sha256": "other"})
    store.open(fresh=False)
    (shard,) = cut_into_shards(photos, numbered=False)
    n_photos, error = checked(ShardWorker(config, store, None), shard)
    raised = pickle.loads(error)
    assert isinstance(raised, JournalError)
    assert "installation was made with other settings: model_sha256" in str(raised)
    assert n_photos == 0
    assert store.open(fresh=False) == (frozenset(), frozenset())


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module in a folder, with paths relative to it."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPO_ROOT)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def undated(page: Path) -> list[str]:
    """Lines of an HTML report without that which tells when it was made."""
    return [line for line in page.read_text("utf-8").splitlines() if "UTC" not in line]


@needs_ray
@pytest.mark.skipif(sys.platform != "linux", reason="finds the actors by /proc")
def test_a_killed_actor_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    album = tmp_path / "album"
    album.mkdir()
    small = [encode_jpeg(shrink_within(read_image(path), 240)) for path in SAMPLES]
    for i in range(N_PHOTOS):
        (album / f"{i:04d}.jpg").write_bytes(small[i % len(small)])
    (album / "0100.jpg").write_text("no picture")
    (album / os.fsdecode(b"=caf\xe9.jpg")).write_bytes(small[0])
    # a path that is missing fails for the moment, and its shard is left to try again
    line = ["check", "album", "missing.jpg", "--annotate"]
    on_ray = ["testbed.ray_cluster", "--cpus", "2"]
    engine = [*line, "--engine", "ray", "--out", "ray", "--csv", "ray.csv", "--json", "ray.json"]
    engine += ["--report", "ray.html"]

    local = [*line, "--out", "local", "--csv", "local.csv", "--json", "local.json"]
    local += ["--report", "local.html"]
    alone = command(tmp_path, "maskdet_core", *local)
    assert alone.returncode == 1, alone.stderr
    killed = command(tmp_path, *on_ray, "--kill-after", "1", *engine)
    assert killed.returncode == 1, killed.stderr
    assert "killed " in killed.stdout
    for form in ("csv", "json"):
        assert (tmp_path / f"ray.{form}").read_bytes() == (tmp_path / f"local.{form}").read_bytes()
    assert undated(tmp_path / "ray.html") == undated(tmp_path / "local.html")
    copies = contents(tmp_path / "ray" / COPIES)
    assert copies == contents(tmp_path / "local" / COPIES)
    assert len(copies) == N_PHOTOS

    # a run that was stopped: one shard is not there, and only its photos are checked again
    journals = sorted((tmp_path / "ray" / SHARDS).glob("*.jsonl"))
    gone = next(path for path in journals if ".retry." not in path.name)
    lost, times = gone.read_bytes(), {path: path.stat().st_mtime_ns for path in journals}
    gone.unlink()
    monkeypatch.chdir(tmp_path)
    photos = [path.relative_to(tmp_path) for path in sorted(album.iterdir())]
    results = Results(tmp_path / "ray", tmp_path / "again.csv", annotate=True)
    counts = check_by_shards(
        [*photos, Path("missing.jpg")], PhotoCheckConfig(), results, check_here, 1
    )
    assert counts.n_photos == N_PHOTOS + 2
    assert gone.read_bytes() == lost
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    written = {path for path, time_ns in times.items() if path.stat().st_mtime_ns != time_ns}
    assert [path for path in written if ".retry." not in path.name] == [gone]
    assert len(written) == 2
