"""A detector of painted people for the process that checks videos, which imports it from here."""

import os
from dataclasses import dataclass
from pathlib import Path

from maskdet_core import MaskDetector
from maskdet_core.batch.videos.check import VideoCheckConfig, VideoChecker
from tests.core.video.painted import painted_detector


@dataclass(frozen=True, slots=True)
class PaintedConfig(VideoCheckConfig):
    """Ends its process at a video called ``crash``."""

    def load_detector(self) -> MaskDetector:
        return painted_detector()

    def load(self) -> VideoChecker:
        return _Checker(self.load_detector(), self)


class _Checker(VideoChecker):
    def __call__(self, path: Path):  # type: ignore[no-untyped-def]
        if path.stem == "crash":
            os.abort()
        return super().__call__(path)
