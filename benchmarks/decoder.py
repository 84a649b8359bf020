"""What the photo page's decoder process costs beside decoding in the server itself.

The three samples, and JPEG files of one of them enlarged, in turn by both ways. A check is the
decoding and the detection that follows it on the page. Times are medians; processor time, that of
the process included, tells the throughput of a busy server. Linux only, by /proc.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from PIL import Image

from maskdet_app.photo.upload import SAMPLE_NAMES, SAMPLES_FOLDER
from maskdet_core import MaskDetector
from maskdet_core.pictures.decode import DecodedPhoto, decode_photo
from maskdet_core.pictures.decoder_process import DecoderProcess
from testbed.processes.process_tree import status_bytes

MEGAPIXELS: Final = (1, 3, 8, 12)
_ROUNDS: Final = 9
_QUALITY: Final = 92


def add_parser(names: Any) -> None:
    """Add this benchmark's options to ``python -m benchmarks``."""
    parser = names.add_parser("decoder", help="cost of decoding in a process of its own")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; always 0."""
    detector = MaskDetector.load(preset="photo")
    decoder = DecoderProcess()

    def in_process(data: bytes) -> DecodedPhoto:
        return decoder.decode_photo(data, lambda: None)

    def cpu_s() -> float:
        return time.process_time() + _cpu_s(decoder)

    files = dict(_files())
    decode_photo(files[SAMPLE_NAMES[0]])
    start_s = _cost(lambda: in_process(files[SAMPLE_NAMES[0]]), cpu_s).wall_s
    for name, data in files.items():
        image_rgb = decode_photo(data).image_rgb
        works: dict[str, Callable[[], object]] = {
            "here": partial(decode_photo, data),
            "there": partial(in_process, data),
            "detection": partial(detector.detect, image_rgb),
        }
        # the first search of each size fills caches
        works["detection"]()
        costs: dict[str, list[_Cost]] = {name: [] for name in works}
        for _ in range(options.rounds):
            for kind, work in works.items():
                costs[kind].append(_cost(work, cpu_s))
        here, there, detection = (
            _Cost(*(statistics.median(values) for values in zip(*costs[kind], strict=True)))
            for kind in works
        )
        wall = (there.wall_s + detection.wall_s) / (here.wall_s + detection.wall_s)
        cpu = (there.cpu_s + detection.cpu_s) / (here.cpu_s + detection.cpu_s)
        print(
            f"{name:6s} {len(data) / 1e6:4.2f} MB: decoding {here.wall_s * 1000:5.1f} ms here, "
            f"{there.wall_s * 1000:5.1f} ms in the process; detection "
            f"{detection.wall_s * 1000:5.0f} ms; a check takes {wall:.3f} x the time, "
            f"{cpu:.3f} x the processor time",
            flush=True,
        )
    pid = decoder.pid
    if pid is None:
        raise RuntimeError("expected a decoder that still runs, got one that has ended")
    held, own, peak = (status_bytes(pid, name) / 1e6 for name in ("VmRSS", "RssAnon", "VmHWM"))
    print(
        f"first photo, with the start of the process: {start_s * 1000:.0f} ms; the process holds "
        f"{held:.0f} MB, {own:.0f} of them its own, {peak:.0f} at the peak"
    )
    decoder.close()
    return 0


class _Cost(NamedTuple):
    wall_s: float
    cpu_s: float


def _cost(work: Callable[[], object], cpu_s: Callable[[], float]) -> _Cost:
    began_s, cpu_began_s = time.perf_counter(), cpu_s()
    work()
    return _Cost(time.perf_counter() - began_s, cpu_s() - cpu_began_s)


def _files() -> Iterator[tuple[str, bytes]]:
    for name in SAMPLE_NAMES:
        yield name, (SAMPLES_FOLDER / f"{name}.jpg").read_bytes()
    with Image.open(SAMPLES_FOLDER / f"{SAMPLE_NAMES[0]}.jpg") as sample:
        for megapixels in MEGAPIXELS:
            scale = (megapixels * 1e6 / (sample.width * sample.height)) ** 0.5
            size = (round(sample.width * scale), round(sample.height * scale))
            stream = io.BytesIO()
            sample.resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=_QUALITY)
            yield f"{megapixels} MP", stream.getvalue()


def _cpu_s(decoder: DecoderProcess) -> float:
    tasks = Path(f"/proc/{decoder.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9
