"""Live video: faces followed from frame to frame, judged in turn for many viewers."""

from maskdet_core.live.engine import LiveEngine
from maskdet_core.live.places import Places
from maskdet_core.live.processor import LiveProcessor
from maskdet_core.live.stats import LiveStats, Moment

__all__ = ["LiveEngine", "LiveProcessor", "LiveStats", "Moment", "Places"]
