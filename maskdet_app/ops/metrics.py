"""Numbers of this server for Prometheus; on a port of their own, and only where one is set."""

import logging
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from maskdet_core import Detections, Verdict
from maskdet_core.live import AdmissionControl

_LOG: Final = logging.getLogger(__name__)

FRAMES: Final = Counter("maskdet_frames_total", "Camera frames that came")
FRAME_ERRORS: Final = Counter("maskdet_frame_errors_total", "Frames or looks that failed")
FRAME_DELAY: Final = Histogram(
    "maskdet_frame_seconds",
    "Time from a camera frame's arrival to its being handed back",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
)
FACES_SHOWN: Final = Counter("maskdet_faces_shown_total", "Faces drawn on frames", ["verdict"])
PHOTOS: Final = Counter("maskdet_photos_total", "Photos checked", ["outcome"])
PHOTO_FACES: Final = Counter("maskdet_photo_faces_total", "Faces found in photos", ["verdict"])
REFUSED: Final = Counter("maskdet_refused_total", "What was refused", ["what"])
PAGE_ERRORS: Final = Counter("maskdet_page_errors_total", "Pages that failed")
VIEWERS: Final = Gauge("maskdet_viewers", "Live viewers now")
PLACES: Final = Gauge("maskdet_places", "Live viewers that this server has room for")
LOAD: Final = Gauge("maskdet_load_ratio", "Share of the machine's processor time in use here")
INFO: Final = Gauge("maskdet_info", "What runs here", ["version", "commit", "model"])


class LiveMetrics:
    """A `maskdet_core.live.Meter` that counts over all live streams for Prometheus."""

    def frame_received(self) -> None:
        """A frame has arrived."""
        FRAMES.inc()

    def frame_sent(self, latency_s: float, shown: Detections) -> None:
        """A frame was returned with these faces, so long after it arrived."""
        FRAME_DELAY.observe(latency_s)
        for verdict in Verdict:
            n = shown.count(verdict)
            if n:
                FACES_SHOWN.labels(verdict.value).inc(n)

    def frame_failed(self) -> None:
        """A frame or inference on one has failed."""
        FRAME_ERRORS.inc()

    def viewer_rejected(self) -> None:
        """A stream got no slot."""
        REFUSED.labels("viewer").inc()


def count_photo(found: Detections | None) -> None:
    """A photo was checked; None could not be used."""
    outcome = "unreadable" if found is None else "faces" if len(found) else "no_face"
    PHOTOS.labels(outcome).inc()
    if found is not None:
        for verdict in Verdict:
            PHOTO_FACES.labels(verdict.value).inc(found.count(verdict))


def watch(places: AdmissionControl) -> None:
    """Ask these places whenever the numbers are read."""
    VIEWERS.set_function(lambda: places.n_active)
    PLACES.set_function(lambda: places.capacity)
    LOAD.set_function(lambda: places.load)


def serve(port: int, address: str) -> None:
    """Answer Prometheus on a port.

    Raises:
        OSError: the port is taken.
    """
    start_http_server(port, addr=address)
    _LOG.info("numbers for Prometheus on port %d", port)
