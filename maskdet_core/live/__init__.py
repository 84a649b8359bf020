"""Live video: faces tracked from frame to frame and classified in turn for many viewers."""

from maskdet_core.live.admission import AdmissionControl
from maskdet_core.live.processor import LiveProcessor
from maskdet_core.live.stats import LiveStats, TimelinePoint
from maskdet_core.live.worker import InferenceWorker

__all__ = ["AdmissionControl", "InferenceWorker", "LiveProcessor", "LiveStats", "TimelinePoint"]
