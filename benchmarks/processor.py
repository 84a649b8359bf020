"""The processor's own limit for int8 products, beside which a runtime's can be seen.

Products a cycle of one core are the width of the widest multiply-add that the processor has, times
two: vector units come in pairs. That is an upper bound; some processors (AMD's Zen 4, small Xeons)
do one of 512 bits a cycle, and then have half. The clock is measured, since virtual machines name
the clock of their time stamps instead.
"""

import ctypes
import mmap
import platform
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import avx2_only

_PER_CYCLE: Final = (
    # 16 x 16 sums of 64 products in 16 cycles, one unit
    ("amx_int8", "AMX", 1024),
    # vpdpbusd: 4 products for each 32 bits
    ("avx512_vnni", "AVX-512 VNNI", 2 * 64),
    ("avx_vnni", "AVX VNNI", 2 * 32),
    # vpmaddwd: 16 products of 16 bits, to which the bytes are widened; vpmaddubsw takes 32 bytes
    # but needs a second multiplication to add up its sums
    ("avx2", "AVX2", 2 * 16),
)
"""Flag in /proc/cpuinfo, name, int8 products a cycle and core; the widest first."""
_IMUL_CYCLES: Final = 3
"""Latency of a 64-bit multiplication, on Intel's processors since 2008 and on AMD's since 2017."""
_N_CHAINED: Final = 8
_LOOP: Final = (
    bytes.fromhex("4889f8")  # mov rax, rdi
    + _N_CHAINED * bytes.fromhex("480fafc0")  # imul rax, rax: each waits for the one before
    + bytes.fromhex("48ffcf")  # dec rdi
    + bytes([0x75, 256 - (4 * _N_CHAINED + 3 + 2)])  # jnz to the first imul
    + bytes.fromhex("c3")  # ret
)
_N_LOOPS: Final = 50_000
_REPEATS: Final = 300
"""Of a third of a millisecond each: in the quickest, nothing else ran."""


@dataclass(frozen=True, slots=True)
class Processor:
    """What limits int8 products.

    Attributes:
        name: by the operating system.
        instructions: the widest that multiply int8; empty where unknown.
        per_cycle: int8 products a cycle and core, at most; 0 where unknown.
        hertz: measured; 0 where unknown.
    """

    name: str
    instructions: str
    per_cycle: int
    hertz: float

    def rate(self, n_cores: int) -> float:
        """Int8 products a second of so many cores, at most; 0 where unknown."""
        return self.per_cycle * n_cores * self.hertz


def this_processor() -> Processor:
    """The processor at hand; takes about a tenth of a second."""
    fields: dict[str, str] = {}
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    name, flags = fields.get("model name", platform.processor()), fields.get("flags", "").split()
    if avx2_only.is_active():
        name += " with AVX2 alone (emulated)"
        flags = [flag for flag in flags if not flag.startswith(avx2_only.NEWER_FLAGS)]
    return Processor(name, *widest(flags), _hertz())


def widest(flags: Sequence[str]) -> tuple[str, int]:
    """The widest instructions that multiply int8, and products a cycle and core; "" and 0 if none.

    Args:
        flags: of the processor, as /proc/cpuinfo names them.
    """
    return next(((name, n) for flag, name, n in _PER_CYCLE if flag in flags), ("", 0))


def _hertz() -> float:
    """Cycles a second, from a chain of multiplications that cannot overlap."""
    if platform.machine() not in ("x86_64", "AMD64") or not hasattr(mmap, "PROT_EXEC"):
        return 0.0
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except (OSError, ValueError):
        # memory that may be written and run is refused
        return 0.0
    page.write(_LOOP)
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    run = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64)(start)
    times_s = []
    for _ in range(_REPEATS):
        started_s = time.perf_counter()
        run(_N_LOOPS)
        times_s.append(time.perf_counter() - started_s)
    return _N_LOOPS * _N_CHAINED * _IMUL_CYCLES / min(times_s)
