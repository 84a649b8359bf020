"""What costly files cost the decoder: memory at the peak and processor time, each file alone.

Files of ``../shared/cases/hostile`` where they are present, and files made here. Status 1 if one
exceeds the limits of `testbed.hostile`.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from testbed import hostile


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("hostile", help="memory and time that costly files take to decode")
    parser.add_argument("--files", type=Path, nargs="*", metavar="FILE", help="only these")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 1 where a file exceeds a limit."""
    with tempfile.TemporaryDirectory(prefix="maskdet-") as folder:
        paths: list[Path] = options.files or _written(Path(folder))
        costs = list(hostile.measure(paths))
    for cost in costs:
        verdict = "" if cost.is_bounded else "TOO MUCH "
        print(
            f"{cost.name:24s} {cost.n_bytes:10,d} bytes {cost.peak_mb:5.0f} MB "
            f"{cost.cpu_s:5.2f} s  {verdict}{cost.outcome}"
        )
    print(
        f"{len(costs)} files: at most {max(cost.peak_mb for cost in costs):.0f} MB above rest "
        f"(limit {hostile.MAX_PEAK_MB:.0f}), {max(cost.cpu_s for cost in costs):.2f} s "
        f"(limit {hostile.MAX_CPU_S:.0f})"
    )
    return 0 if all(cost.is_bounded for cost in costs) else 1


def _written(folder: Path) -> list[Path]:
    paths = sorted(hostile.CASES.iterdir()) if hostile.CASES.is_dir() else []
    for name, make in hostile.SYNTHETIC.items():
        paths.append(folder / name)
        paths[-1].write_bytes(make())
    return paths
