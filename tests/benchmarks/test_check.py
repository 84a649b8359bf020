"""The benchmark of a photo check: all versions on each photo, ratios to the first."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.__main__ import main
from benchmarks.check import TASKS, VERSIONS, measure, report, tasks


def test_every_version_does_every_task_on_a_photograph(portrait: NDArray[np.uint8]) -> None:
    timed = tasks()
    assert set(timed) == {(version.name, task) for version in VERSIONS for task in TASKS}
    found = {
        name: task(portrait, np.ascontiguousarray(portrait[:480])) for name, task in timed.items()
    }
    assert all(len(result) > 0 for result in found.values())  # type: ignore[arg-type]
    assert set(measure(portrait, {name: timed[name] for name in list(timed)[:1]}, 2)) == set(
        list(timed)[:1]
    )


def test_ratios_are_to_the_first_version() -> None:
    first, *others = (version.name for version in VERSIONS)
    times = [{(first, task): 40.0, **{(other, task): 10.0 for other in others}} for task in TASKS]
    merged = {key: value for one in times for key, value in one.items()}
    lines = report([merged, merged])
    assert len(lines) == len(VERSIONS) * len(TASKS)
    ratios = ["1.000", *["0.250"] * len(others)]
    assert [line.split()[-2] for line in lines] == ratios * len(TASKS)


def test_absent_data_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--data", str(tmp_path)]) == 2
    assert "street-photos" in capsys.readouterr().out
