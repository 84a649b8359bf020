import platform
import subprocess
import sys

import pytest

CODE = """
import os
import sys
from pathlib import Path
from maskdet_app.ops.process import malloc

def rss_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

if sys.argv[1] == "unmapped":
    malloc.unmap_large_blocks()
# frees a block of 30 MB: glibc then keeps smaller ones
block = b"x" * 30_000_000
del block
kept = []
before_mb = rss_mb()
for _ in range(4):
    large = b"x" * 20_000_000
    kept.append(b"y" * 100_000)
    del large
large = b"x" * 25_000_000
kept.append(b"y" * 100_000)
del large
print(rss_mb() - before_mb)
"""
"""Allocates as a server does: small blocks that stay lie behind each large one."""


def _grown_mb(mode: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", CODE, mode], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_memory_of_freed_photos_goes_back_to_the_system() -> None:
    assert _grown_mb("kept") > 10
    assert _grown_mb("unmapped") < 5
