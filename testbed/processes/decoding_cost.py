"""What decoding an image file costs.

Each file is decoded in a process alone, forked from one that has the decoder's libraries loaded, so
that its peak of memory is its own.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from testbed.processes.process_tree import status_bytes
from testbed.repository import REPO_ROOT

MAX_PEAK_MB: Final = 300.0
"""Most memory above rest for one file, in units of 1,000,000 bytes."""
MAX_CPU_S: Final = 3.0
"""Most processor time for one file."""
TIMEOUT_S: Final = 120
MAX_DATA_BYTES: Final = 1_500_000_000
"""Limit on the memory of the process that decodes mutants; libraries reserve more than they use."""
_MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What decoding a file took.

    Attributes:
        name: of the file or case.
        n_bytes: its length.
        outcome: "decoded" with the size, "refused" or "failed" with the error.
        peak_mb: memory above rest, in units of 1,000,000 bytes.
        cpu_s: processor time of all threads.
    """

    name: str
    n_bytes: int
    outcome: str
    peak_mb: float
    cpu_s: float

    @property
    def is_bounded(self) -> bool:
        """Whether the file was decoded or refused on purpose, within the limits."""
        return (
            not self.outcome.startswith("failed")
            and self.peak_mb <= MAX_PEAK_MB
            and self.cpu_s <= MAX_CPU_S
        )


def measure(paths: Sequence[Path]) -> Iterator[Cost]:
    """Decode files, each in a process alone. Linux only.

    Raises:
        RuntimeError: the measuring process ended unexpectedly.
    """
    command = [sys.executable, "-m", "testbed.processes.decoding_cost", *map(str, paths)]
    done = subprocess.run(
        command, cwd=REPO_ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != len(paths):
        raise RuntimeError(f"the decoder ended with {done.returncode}: {done.stderr[-2000:]}")
    yield from (Cost(**json.loads(line)) for line in lines)


def _decode_forked(path: Path) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.write(writer, json.dumps(_decode_measured(path)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as results:
        text = results.read()
    _, status = os.waitpid(child, 0)
    row = {"name": path.name, "n_bytes": path.stat().st_size}
    row |= (
        json.loads(text)
        if text
        else {"outcome": f"failed: status {status}", "peak_mb": 0.0, "cpu_s": 0.0}
    )
    print(json.dumps(row), flush=True)


def _decode_measured(path: Path) -> dict[str, Any]:
    rest = _memory_mb("VmRSS")
    began_s = time.process_time()
    outcome = _outcome(path)
    return {
        "outcome": outcome,
        "peak_mb": _memory_mb("VmHWM") - rest,
        "cpu_s": time.process_time() - began_s,
    }


def _outcome(path: Path) -> str:
    from maskdet_core.errors import ImageError, TransientImageError
    from maskdet_core.pictures.decode import read_photo

    try:
        photo = read_photo(path)
    except TransientImageError as error:
        return f"failed: {error}"
    except ImageError as error:
        return f"refused: {error}"
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"
    return "decoded {1} x {0}".format(*photo.image_rgb.shape)


def _memory_mb(field: str) -> float:
    return status_bytes(os.getpid(), field) / _MB


def _main(arguments: Sequence[str]) -> None:
    import cv2
    import pillow_heif  # noqa: F401  loaded before the fork, as the rest

    from maskdet_core.pictures import decode  # noqa: F401

    # threads of OpenCV do not survive the fork
    cv2.setNumThreads(0)
    Image.init()
    if arguments[:1] == ["--limited"]:
        _decode_limited(arguments[1:])
        return
    for path in arguments:
        _decode_forked(Path(path))


def _decode_limited(paths: Sequence[str]) -> None:
    """Decode files in this process, with a limit on its memory."""
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (MAX_DATA_BYTES, MAX_DATA_BYTES))
    for path in paths:
        began_s = time.monotonic()
        outcome = _outcome(Path(path))
        print(json.dumps({"outcome": outcome, "seconds": time.monotonic() - began_s}), flush=True)


if __name__ == "__main__":
    _main(sys.argv[1:])
