"""The processor's own limit: widest instructions, and a clock that can be true."""

import platform

import pytest

from benchmarks.processor import Processor, this_processor, widest


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("sse2 avx2 avx512f avx512_vnni amx_int8", ("AMX", 1024)),
        ("sse2 avx2 avx_vnni avx512f avx512_vnni", ("AVX-512 VNNI", 128)),
        ("sse2 avx2 avx_vnni", ("AVX VNNI", 64)),
        # without VNNI there is no such product of 512 bits in the table
        ("sse2 avx2 avx512f", ("AVX2", 32)),
        ("sse2 avx", ("", 0)),
    ],
)
def test_widest_instructions_count(flags: str, expected: tuple[str, int]) -> None:
    assert widest(flags.split()) == expected


def test_rate_is_products_times_cores_times_clock() -> None:
    assert Processor("x", "AVX2", 32, 2.5e9).rate(2) == 160e9


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code for x86-64")
def test_measured_clock_is_one_of_a_processor() -> None:
    # 0 where memory that can be run is refused
    hertz = this_processor().hertz
    assert hertz == 0 or 0.2e9 < hertz < 8e9
