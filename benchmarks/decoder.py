"""What the photo page's decoder process costs beside decoding in the server itself.

The three samples, and JPEG files of one of them enlarged, in turn by both ways; medians. A check is
the decoding and the detection that follows it on the page. Memory is that of the process after
each file, and its peak over all.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from PIL import Image

from maskdet_app.photo.upload import SAMPLE_NAMES, SAMPLES_FOLDER
from maskdet_core import MaskDetector
from maskdet_core.pictures.decode import DecodedPhoto, decode_photo
from maskdet_core.pictures.decoder_process import DecoderProcess

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

    files = dict(_files())
    first = next(iter(files.values()))
    decode_photo(first)
    start_s, _ = _timed(in_process, first)
    for name, data in files.items():
        # the first search of each size fills caches
        detector.detect(decode_photo(data).image_rgb)
        here_s, there_s, detect_s = list[float](), list[float](), list[float]()
        for _ in range(options.rounds):
            took_s, photo = _timed(decode_photo, data)
            here_s.append(took_s)
            there_s.append(_timed(in_process, data)[0])
            began_s = time.perf_counter()
            detector.detect(photo.image_rgb)
            detect_s.append(time.perf_counter() - began_s)
        here, there, detect = (statistics.median(s) for s in (here_s, there_s, detect_s))
        print(
            f"{name:8s} {len(data) / 1e6:5.2f} MB: decoded here {here * 1000:6.1f} ms, in the "
            f"process {there * 1000:6.1f} ms ({there / here:4.2f}x); detection "
            f"{detect * 1000:6.0f} ms; check {(there + detect) / (here + detect):5.3f}x; "
            f"process holds {_status_mb(decoder, 'VmRSS'):.0f} MB",
            flush=True,
        )
    print(f"first photo, start of the process included: {start_s * 1000:.0f} ms")
    print(f"peak of the process: {_status_mb(decoder, 'VmHWM'):.0f} MB")
    decoder.close()
    return 0


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


def _timed(decode: Callable[[bytes], DecodedPhoto], data: bytes) -> tuple[float, DecodedPhoto]:
    began_s = time.perf_counter()
    photo = decode(data)
    return time.perf_counter() - began_s, photo


def _status_mb(decoder: DecoderProcess, name: str) -> float:
    """A size of the process in units of 1,000,000 bytes; Linux only."""
    status = Path(f"/proc/{decoder.pid}/status").read_text(encoding="ascii")
    return int(status.split(f"{name}:")[1].split()[0]) * 1024 / 1e6
