"""Run a benchmark as on a processor without VNNI: ``python -m benchmarks NAME --avx2``.

Emulated is what libraries know of the processor. All that x86-64 got after AVX2 (AVX-512, VNNI and
AMX, GFNI, VAES and VPCLMULQDQ, bfloat16 and the like) is hidden from LiteRT, OpenCV, NumPy,
TensorFlow, video codecs and OpenSSL, also in processes that the benchmark starts: they choose the
kernels that they have for AVX2. The real instruction ``cpuid`` is asked and bits of its answer are
cleared; ``avx2_only.c`` says how. The C library is told by a setting of its own.

Not emulated: clock, caches, memory, and how many instructions of a kind this processor does in a
cycle. Ratios carry over to processors that have no more than AVX2, times less.

Needs Linux on x86-64 with glibc, and a C compiler ``cc``.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2

_SOURCE: Final = Path(__file__).with_suffix(".c")
_AUDIT: Final = "LD_AUDIT"
_TUNABLES: Final = "GLIBC_TUNABLES"
_AVX512: Final = ("F", "CD", "BW", "DQ", "VL", "ER", "PF")
NEWER_FLAGS: Final = ("avx512", "avx_vnni", "amx")
"""How names of hidden instructions begin in /proc/cpuinfo, which shows the processor as it is."""


def is_active() -> bool:
    """Whether this process is one from which all that is newer than AVX2 is hidden."""
    return Path(os.environ.get(_AUDIT, "")).stem == _SOURCE.stem


def run_again(arguments: Sequence[str]) -> int:
    """Run ``python -m benchmarks`` with these arguments, with AVX2 alone; its exit status.

    Raises:
        OSError: it cannot be done on this machine.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks", *arguments]
        return subprocess.run(command, env=os.environ | environment(Path(folder))).returncode


def environment(folder: Path) -> dict[str, str]:
    """Variables for processes that shall see AVX2 alone.

    Args:
        folder: for the compiled library; it must stay while such processes start.

    Raises:
        OSError: it cannot be done on this machine.
    """
    compiler = shutil.which("cc")
    if (
        sys.platform != "linux"
        or platform.machine() != "x86_64"
        or platform.libc_ver()[0] != "glibc"
        or compiler is None
    ):
        raise OSError("expected Linux on x86-64 with glibc and a C compiler")
    library = folder / f"{_SOURCE.stem}.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(_SOURCE)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        raise OSError(f"{_SOURCE.name} could not be compiled: {built.stderr}")
    hidden = ",".join(f"-AVX512{part}" for part in _AVX512)
    return {_AUDIT: str(library), _TUNABLES: f"glibc.cpu.hwcaps={hidden}"}


def verify() -> None:
    """Check that a library sees AVX2 and nothing newer.

    Raises:
        OSError: it does not.
    """
    # OpenCV marks with "?" what it has code for and the processor lacks
    seen = [name for name in cv2.getCPUFeaturesLine().split() if not name.endswith("?")]
    if "*AVX2" not in seen or any("AVX512" in name for name in seen):
        raise OSError(f"expected AVX2 and no AVX-512, but OpenCV sees {' '.join(seen)}")
