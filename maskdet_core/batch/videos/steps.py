"""The check of one video within the limits on its process, for the command line and servers."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from maskdet_core.batch.processes.limits import MAX_CPU_S, video_cpu_s
from maskdet_core.detector import MaskDetector
from maskdet_core.process_limits import limit_cpu

if TYPE_CHECKING:
    from maskdet_core.video.check import Progress, VideoOptions, VideoResult

PROGRESS_EVERY_S: Final = 0.2


def limited_steps(
    source: Path | BinaryIO,
    detector: MaskDetector,
    options: "VideoOptions",
    film: BinaryIO | None = None,
) -> Generator["Progress", None, "VideoResult"]:
    """Check a video as `maskdet_core.video.check.check_video` does, for a process of its own.

    The process ends where the video takes too much processor time for its length.

    Args:
        source: see `check_video`.
        detector: the same.
        options: the same.
        film: the same.

    Yields:
        How far it is: once it is open, then every `PROGRESS_EVERY_S`.

    Returns:
        The result.

    Raises:
        VideoError: as `check_video`.
        OSError: as `check_video`.
    """
    # PyAV loads FFmpeg, which photos and the parent do not need
    from maskdet_core.video.check import check_video

    steps = check_video(source, detector, options, film=film)
    # opening looks into the file already
    limit_cpu(MAX_CPU_S)
    opened = next(steps)
    limit_cpu(video_cpu_s(opened.length_s or options.limits.max_length_s))
    yield opened
    told_s = time.monotonic()
    while True:
        try:
            progress = next(steps)
        except StopIteration as stop:
            result: VideoResult = stop.value
            return result
        if time.monotonic() - told_s >= PROGRESS_EVERY_S:
            told_s = time.monotonic()
            yield progress
