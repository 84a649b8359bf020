"""What ``--engine ray`` costs beside the local engine, on the same photos and processors.

Whole runs of the command line with ``--out`` and ``--csv``, from the start of its process to the
end, in turn, as many processes as processors. Of Ray, a cluster that is running is assumed, as for
a user who has typed ``ray start --head``: its start is not counted; loading Ray, connecting and the
start of the actors are. The runs with few photos show what does not depend on their number;
the difference to those with many is what each photo costs. Reports must be equal byte for
byte. Linux only, by links.
"""

import argparse
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.linked_photos import link_photos
from maskdet_core.batch.photos.report import PhotoReport, csv_text
from maskdet_core.batch.shards.store import ShardStore, cut_into_shards
from maskdet_core.batch.storage.addresses import Address, Location
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.command_line.command import EXIT_OK, EXIT_SOME_UNREADABLE
from maskdet_core.command_line.inputs import list_pictures
from maskdet_core.cpu import n_cores
from maskdet_core.types import Detections, Face, FaceBox, Verdict

ENGINES: Final = ("local", "ray")
MILLION: Final = 1_000_000
_FEW: Final = 4
"""Photographs that no processor is busy with for long."""
_TOOK: Final = re.compile(r"^took ([0-9.]+) s$", re.MULTILINE)


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("ray", help="a Ray cluster beside the local engine")
    parser.add_argument("folders", type=Path, nargs="*", metavar="DIR", help="photos")
    parser.add_argument(
        "--lines", type=int, metavar="N", help="only write the report of N invented photos"
    )
    parser.add_argument("--photos", type=int, default=2000, metavar="N", help="how many")
    parser.add_argument("--rounds", type=int, default=1)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; 2 where there are no photos, 1 where the reports differ."""
    if options.lines:
        _report_lines(options.lines)
        return 0
    found = list_pictures(options.folders)
    if not found:
        print(f"expected photos in {', '.join(map(str, options.folders))}, found none")
        return 2
    # further names for the same photos where there are too few
    photos = found * -(-options.photos // len(found))
    photos = random.Random(0).sample(photos, options.photos)
    sizes: dict[int, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in sorted({_FEW, options.photos}):
            album = link_photos(Path(folder) / str(n), photos[:n])
            times: dict[str, list[float]] = {engine: [] for engine in ENGINES}
            for i in range(options.rounds):
                reports = []
                for engine in ENGINES:
                    out = Path(folder) / f"{n}-{engine}-{i}"
                    times[engine].append(_seconds(album, out, engine))
                    reports.append((out / "report.csv").read_bytes())
                if reports[0] != reports[1]:
                    print(f"expected equal reports of {n} photos, got different ones")
                    return 1
            sizes[n] = times
    _print(sizes)
    return 0


def _report_lines(n_photos: int) -> None:
    """Cut a list of addresses into shards, write their journals and the report; time and memory."""
    face = Face(FaceBox(10, 20, 30, 40), 0.9, 0.05, 0.05, Verdict.WITH_MASK)
    found = Detections(640, 480, (face,))
    photos: list[Location] = [
        Address(f"s3://bucket/photos/{i // 1000:04d}/{i:07d}.jpg", FileStamp(i, None, f"{i:032x}"))
        for i in range(n_photos)
    ]
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        shards = list(cut_into_shards(photos, numbered=False))
        cut_s = time.perf_counter() - began_s
        store = ShardStore(Path(folder), {})
        store.open(fresh=False)
        for shard in shards:
            reports = [PhotoReport(str(photo), found) for photo in shard.photos]
            store.write(store.plan(shard), reports)
        names = [shard.name for shard in shards]
        before_mb, began_s = _peak_mb(), time.perf_counter()
        with (Path(folder) / "report.csv").open("w", encoding="utf-8") as file:
            file.writelines(csv_text(store.reports(names, photos)))
        seconds = time.perf_counter() - began_s
    print(
        f"{n_photos} photos in {len(shards)} shards: cut in {cut_s:.1f} s, {before_mb:.0f} MB "
        f"with the list; report in {seconds:.0f} s, {_peak_mb() - before_mb:.0f} MB more"
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _seconds(album: Path, out: Path, engine: str) -> float:
    """How long the command takes, in a process with a cluster where the engine needs one."""
    n_cpus = n_cores() if engine == "ray" else 0
    line = ["check", str(album), "--out", str(out), "--csv", f"{out}.csv", "--engine", engine]
    done = subprocess.run(
        [sys.executable, "-m", "testbed.ray_cluster", "--cpus", str(n_cpus), *line],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (EXIT_OK, EXIT_SOME_UNREADABLE):
        raise RuntimeError(f"expected exit status 0 or 1, got {done.returncode}: {done.stderr}")
    Path(f"{out}.csv").rename(out / "report.csv")
    took = _TOOK.search(done.stdout)
    if took is None:
        raise RuntimeError(f"expected the time of the command, got {done.stdout!r}")
    return float(took[1])


def _print(sizes: dict[int, dict[str, list[float]]]) -> None:
    few, many = min(sizes), max(sizes)
    seconds = {n: {e: statistics.median(t) for e, t in times.items()} for n, times in sizes.items()}
    rates = {e: (many - few) / (seconds[many][e] - seconds[few][e]) for e in ENGINES}
    for n in sizes:
        shown = ", ".join(f"{engine} {seconds[n][engine]:.1f} s" for engine in ENGINES)
        ratio = seconds[n]["ray"] / seconds[n]["local"]
        print(f"{n} photos on {n_cores()} processors: {shown}, {ratio:.2f} x")
    for engine in ENGINES:
        core_hours = MILLION * n_cores() / rates[engine] / 3600
        print(
            f"{engine}: {rates[engine]:.1f} photos a second once started, "
            f"{seconds[few][engine]:.1f} s of start; a million take {core_hours:.1f} core-hours"
        )
    start_s = seconds[few]["ray"] - seconds[few]["local"]
    saved_s = 1 / rates["local"] - 1 / (2 * rates["ray"])
    print(f"a cluster of twice the processors pays from {start_s / saved_s:.0f} photos on")
