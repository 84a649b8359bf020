"""How fast video files are checked, by the number of faces, and in what memory.

Films of swaying heads at 1920 × 1080 px and 30 frames a second, H.264, drawn from the
public-domain portrait. Speed is that of `check_video` in this process, decoding included, on the
cores that it may use; medians of all rounds, which take the films in turn. Processor time
is of the same, and hardly depends on what else runs. Memory is that of the
process that checks a longer film for ``maskdet check``, the same frames over and over, sampled
while it runs: it should not grow. Linux only, by /proc.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core import MaskDetector
from maskdet_core.cpu import n_cores
from maskdet_core.video.check import VideoResult, check_video
from testbed.pictures.films import film_bytes
from testbed.pictures.scenes import HEIGHT_PX, WIDTH_PX, scene
from testbed.processes.process_tree import status_fields

FACES: Final = (0, 1, 4)
FPS: Final = 30
_FILM_PX: Final = (1920, 1080)
_LOOP_S: Final = 10
_SAMPLE_S: Final = 0.2


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("video", help="speed and memory of checking video files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--annotate", action="store_true", help="write an annotated video as well")
    parser.add_argument(
        "--minutes", type=int, default=10, help="length of the film for memory; 0 leaves it out"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    detector = MaskDetector.load(preset="live")
    with tempfile.TemporaryDirectory() as folder:
        films = {n: Path(folder) / f"{n}.mp4" for n in FACES}
        for n, path in films.items():
            path.write_bytes(film_bytes(_frames(n)))
        took_s: dict[int, list[float]] = {n: [] for n in FACES}
        cpu_s: dict[int, list[float]] = {n: [] for n in FACES}
        for _ in range(options.rounds):
            for n, path in films.items():
                began_s, cpu_began_s = time.perf_counter(), time.process_time()
                result = _checked(path, detector, Path(folder) / "annotated.mp4", options.annotate)
                took_s[n].append(time.perf_counter() - began_s)
                cpu_s[n].append(time.process_time() - cpu_began_s)
                if len(result.people) != n:
                    print(f"expected {n} people, got {len(result.people)}")
        for n, times in took_s.items():
            seconds = statistics.median(times)
            cpu_ms = 1000 * statistics.median(cpu_s[n]) / _LOOP_S
            print(
                f"{n} face{'' if n == 1 else 's'}{', annotated' if options.annotate else ''}: "
                f"{_LOOP_S * FPS / seconds:.0f} frames a second, "
                f"{_LOOP_S / seconds:.1f} times real time on {n_cores()} cores, "
                f"{cpu_ms:.0f} ms of processor time a second of film"
            )
        if options.minutes:
            long = Path(folder) / "long.mp4"
            _repeat(films[1], long, options.minutes * 60 // _LOOP_S)
            _print_memory(long, options.minutes)
    return 0


def _frames(n_faces: int) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    width, height = _FILM_PX
    scale = height / HEIGHT_PX
    left = (width - round(WIDTH_PX * scale)) // 2
    for i, small in enumerate(scene(n_faces, _LOOP_S * FPS)):
        image = np.full((height, width, 3), 120, np.uint8)
        large = cv2.resize(small, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        image[:, left : left + large.shape[1]] = large
        yield i / FPS, image


def _checked(path: Path, detector: MaskDetector, film: Path, annotate: bool) -> VideoResult:
    with film.open("w+b") as file:
        steps = check_video(path, detector, film=file if annotate else None)
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                result: VideoResult = stop.value
                return result


def _repeat(source: Path, target: Path, n_times: int) -> None:
    """Write a film over and over into one, without coding it again."""
    with av.open(str(target), "w") as out:
        stream = None
        for i in range(n_times):
            with av.open(str(source)) as film:
                video = film.streams.video[0]
                if stream is None:
                    stream = out.add_stream_from_template(video)
                if video.time_base is None:
                    raise RuntimeError("expected a film with a time base")
                shift = round(i * _LOOP_S / video.time_base)
                for packet in film.demux(video):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                    packet.stream = stream
                    out.mux(packet)


def _print_memory(film: Path, minutes: int) -> None:
    began_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "maskdet_core", "check", str(film), "--format", "json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    samples: list[float] = []
    while process.poll() is None:
        samples.append(max((_resident_mb(pid) for pid in _children(process.pid)), default=0.0))
        time.sleep(_SAMPLE_S)
    seconds = time.perf_counter() - began_s
    row = json.loads(process.communicate()[0])
    # the first third holds loading and the decoder's first frames
    third = len(samples) // 3
    print(
        f"{minutes} minutes, 1 face, whole command: {seconds:.0f} s, "
        f"{row['length_s'] / seconds:.1f} times real time, {row['n_people']} people; at most "
        f"{max(samples):.0f} MB, {max(samples[:third]):.0f} MB in the first third and "
        f"{max(samples[-third:]):.0f} MB in the last"
    )


def _children(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in children.split()]


def _resident_mb(pid: int) -> float:
    try:
        return int(status_fields(pid).get("VmRSS", "0").split()[0]) / 1024
    except OSError:
        return 0.0
