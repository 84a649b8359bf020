"""Live video: faces followed from frame to frame, judged in turn for many viewers."""

from maskdet_core.live.admission import Places
from maskdet_core.live.processor import LiveProcessor
from maskdet_core.live.stats import LiveStats, Moment
from maskdet_core.live.worker import LiveEngine

__all__ = ["LiveEngine", "LiveProcessor", "LiveStats", "Moment", "Places"]
