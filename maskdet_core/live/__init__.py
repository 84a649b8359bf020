"""Live video: faces tracked from frame to frame, classified by one worker for many viewers.

The entry point is `maskdet_core.live.processor.LiveProcessor`.
"""

from maskdet_core.live.admission import AdmissionControl
from maskdet_core.live.processor import LiveProcessor
from maskdet_core.live.snapshot import FrameSnapshot
from maskdet_core.live.stats import LiveStats, Meter, TimelinePoint
from maskdet_core.live.worker import InferenceWorker

__all__ = [
    "AdmissionControl",
    "FrameSnapshot",
    "InferenceWorker",
    "LiveProcessor",
    "LiveStats",
    "Meter",
    "TimelinePoint",
]
