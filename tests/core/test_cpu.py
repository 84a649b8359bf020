import os

from maskdet_core import cpu


def test_cores_are_counted() -> None:
    assert 1 <= cpu.n_cores() <= (os.cpu_count() or 1)
