"""The judging process: the command line's rows, errors by kind, and an end at once."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskdet_core import MaskDetector
from maskdet_core.batch.photos.judge_process import JudgeError, JudgeProcess
from maskdet_core.batch.photos.judging import JudgeOptions, JudgeTask, Row, judge
from maskdet_core.errors import ImageError, ModelError, TransientImageError
from maskdet_core.pictures.decode import decode_photo
from testbed.pictures import failing_decoders, hostile
from testbed.repository import REPO_ROOT

SAMPLES = REPO_ROOT / "maskdet_app" / "photo" / "samples"
SMALL = hostile.flat("RGB", 60, "JPEG")


class CancelledError(Exception):
    pass


@pytest.fixture(scope="module")
def process() -> Iterator[JudgeProcess]:
    started = JudgeProcess(decode=failing_decoders.DECODE)
    yield started
    started.close()


@pytest.fixture(scope="module")
def detector(shipped_manifest: Path) -> MaskDetector:
    return MaskDetector.load(shipped_manifest)


def ask(
    process: JudgeProcess,
    data: bytes,
    model: Path,
    task: JudgeTask = JudgeTask.CHECK,
    options: JudgeOptions | None = None,
    while_waiting: object = lambda: None,
) -> Row:
    chosen = JudgeOptions() if options is None else options
    return process.judge(data, "a.jpg", task, chosen, while_waiting, model=model, version=1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("task", list(JudgeTask))
@pytest.mark.parametrize("options", [JudgeOptions(), JudgeOptions(0.99, 200, True)])
def test_rows_are_those_without_a_process(
    process: JudgeProcess,
    detector: MaskDetector,
    shipped_manifest: Path,
    task: JudgeTask,
    options: JudgeOptions,
) -> None:
    for name in ("masked", "bare"):
        data = (SAMPLES / f"{name}.jpg").read_bytes()
        expected = judge(detector, decode_photo(data), "a.jpg", task, options)
        assert ask(process, data, shipped_manifest, task, options) == expected


def test_errors_come_by_kind_and_the_process_stays(
    process: JudgeProcess, shipped_manifest: Path, tmp_path: Path
) -> None:
    assert ask(process, SMALL, shipped_manifest)["faces"] == []
    pid = process.pid
    with pytest.raises(ImageError, match="expected") as refused:
        ask(process, b"no picture", shipped_manifest)
    assert not isinstance(refused.value, TransientImageError)
    with pytest.raises(ModelError, match="gone"):
        process.load(tmp_path / "gone.json", 1.0, lambda: None)
    # a fault of detection is told by its type alone
    with pytest.raises(JudgeError, match=r"^TypeError$"):
        ask(process, SMALL, shipped_manifest, options=JudgeOptions(min_face_px="secret"))  # type: ignore[arg-type]
    assert ask(process, SMALL, shipped_manifest)["error"] is None
    assert process.pid == pid


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_a_lost_process_costs_one_picture(process: JudgeProcess, shipped_manifest: Path) -> None:
    with pytest.raises(ImageError, match="damaged"):
        ask(process, failing_decoders.CRASH, shipped_manifest)
    ask(process, SMALL, shipped_manifest)
    pid = process.pid
    assert pid is not None
    n_calls = 0

    def kill() -> None:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 2:
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(TransientImageError, match="stopped"):
        ask(process, failing_decoders.SLEEP, shipped_manifest, while_waiting=kill)
    assert ask(process, SMALL, shipped_manifest)["error"] is None


def test_giving_up_ends_it_at_once(process: JudgeProcess, shipped_manifest: Path) -> None:
    n_calls = 0

    def cancel() -> None:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 2:
            raise CancelledError

    with pytest.raises(CancelledError):
        ask(process, failing_decoders.SLEEP, shipped_manifest, while_waiting=cancel)
    assert process.pid is None
