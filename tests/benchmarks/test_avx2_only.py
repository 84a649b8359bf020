"""With --avx2, libraries see AVX2 and nothing newer, and the network computes the same integers."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import avx2_only, processor

# The features are those that OpenCV sees. NumPy asks the processor in a way of its own.
REPORT = """
import sys
import cv2, numpy as np
from maskdet_core import load_classifier
crops = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
print("features", *cv2.getCPUFeaturesLine().split())
np.show_runtime()
print("logits", load_classifier().logits(crops).tolist())
"""
NUMPY_NEWER = {"X86_V4", "AVX512F", "AVX512_SKX", "AVX512_ICL"}
# the setting is inherited, as a benchmark's server does
CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"


def report(**environment: str) -> str:
    command = [sys.executable, "-c", CHILD, REPORT]
    ran = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return ran.stdout


def line(report: str, name: str) -> list[str]:
    (found,) = (line for line in report.splitlines() if line.startswith(name))
    return found.split()[1:]


def numpy_found(report: str) -> set[str]:
    found = re.search(r"'found': \[(.*?)\]", report, re.DOTALL)
    assert found
    return set(re.findall(r"\w+", found[1]))


def flags() -> str:
    return Path("/proc/cpuinfo").read_text(encoding="utf-8") if sys.platform == "linux" else ""


def test_all_newer_than_avx2_is_hidden_from_a_process_and_its_children(tmp_path: Path) -> None:
    try:
        environment = avx2_only.environment(tmp_path)
    except OSError as error:
        pytest.skip(str(error))
    if "avx512bw" not in flags():
        pytest.skip("this processor has no AVX-512 that could be hidden")
    native, restricted = report(), report(**environment)
    assert "*AVX512-SKX" in line(native, "features")
    assert "*AVX2" in line(restricted, "features")
    assert "*AVX512-SKX?" in line(restricted, "features")
    assert numpy_found(native) & NUMPY_NEWER
    assert numpy_found(restricted)
    assert not numpy_found(restricted) & NUMPY_NEWER
    assert line(restricted, "logits") == line(native, "logits")


@pytest.mark.skipif("avx2" not in flags(), reason="this processor has no AVX2")
def test_the_ceiling_is_that_of_avx2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_AUDIT", "/tmp/avx2_only.so")
    shown = processor.this_processor()
    assert (shown.instructions, shown.per_cycle) == ("AVX2", 32)
    assert "emulated" in shown.name


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code for x86-64")
def test_without_a_compiler_it_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="C compiler"):
        avx2_only.environment(tmp_path)
