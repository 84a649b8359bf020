"""Prometheus metrics of this server, served on a port of their own where one is configured."""

import logging
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from maskdet_core import Detections, Verdict
from maskdet_core.live import AdmissionControl

_LOG: Final = logging.getLogger(__name__)

FRAMES: Final = Counter("maskdet_frames_total", "Camera frames received")
FRAME_ERRORS: Final = Counter("maskdet_frame_errors_total", "Frames or inferences that failed")
FRAME_DELAY: Final = Histogram(
    "maskdet_frame_seconds",
    "Time from receiving a camera frame to returning it",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
)
FACES_SHOWN: Final = Counter("maskdet_faces_shown_total", "Faces drawn on frames", ["verdict"])
PHOTOS: Final = Counter("maskdet_photos_total", "Photos checked", ["outcome"])
PHOTO_FACES: Final = Counter("maskdet_photo_faces_total", "Faces detected in photos", ["verdict"])
for _verdict in Verdict:
    # a series that is there from the start, at 0, can be summed and alerted on
    FACES_SHOWN.labels(_verdict.value)
    PHOTO_FACES.labels(_verdict.value)
API_REQUESTS: Final = Counter(
    "maskdet_api_requests_total", "Requests of the API", ["resource", "outcome"]
)
API_PICTURES: Final = Counter(
    "maskdet_api_pictures_total", "Pictures that the API judged", ["outcome"]
)
for _outcome in ("faces", "no_face", "refused", "failed"):
    API_PICTURES.labels(_outcome)
REFUSED: Final = Counter("maskdet_refused_total", "Requests refused", ["what"])
PAGE_ERRORS: Final = Counter("maskdet_page_errors_total", "Page runs that failed")
VIEWERS: Final = Gauge("maskdet_viewers", "Active live viewers")
CAPACITY: Final = Gauge("maskdet_places", "Live viewers that this server has capacity for")
LOAD: Final = Gauge(
    "maskdet_load_ratio",
    "What is asked of this server as a share of what it can do; above 1 faces wait",
)
INFO: Final = Gauge("maskdet_info", "The running build", ["version", "commit", "model"])


class LiveMetrics:
    """Counts the events of all live streams: a `maskdet_core.live.Meter`."""

    def frame_received(self) -> None:
        """A frame was received."""
        FRAMES.inc()

    def frame_sent(self, latency_s: float, shown: Detections) -> None:
        """A frame was returned with these faces, this long after it was received."""
        FRAME_DELAY.observe(latency_s)
        for verdict in Verdict:
            n = shown.count(verdict)
            if n:
                FACES_SHOWN.labels(verdict.value).inc(n)

    def frame_failed(self) -> None:
        """A frame or an inference failed."""
        FRAME_ERRORS.inc()

    def viewer_rejected(self) -> None:
        """A stream got no slot."""
        REFUSED.labels("viewer").inc()


class PhotoMetrics:
    """Counts checked photos: a `maskdet_app.photo.batch.Meter`."""

    def photo_checked(self, detections: Detections | None) -> None:
        """A photo was checked; None means that it could not be read."""
        outcome = "unreadable" if detections is None else "faces" if len(detections) else "no_face"
        PHOTOS.labels(outcome).inc()
        if detections is not None:
            for verdict in Verdict:
                PHOTO_FACES.labels(verdict.value).inc(detections.count(verdict))


def watch(admission: AdmissionControl) -> None:
    """Read the gauges of live viewers from this admission control at each scrape."""
    VIEWERS.set_function(lambda: admission.n_active)
    CAPACITY.set_function(lambda: admission.capacity)
    LOAD.set_function(lambda: admission.load)


def serve(port: int, address: str) -> None:
    """Serve ``/metrics`` for Prometheus from a background thread.

    Args:
        port: TCP port.
        address: local address to bind.

    Raises:
        OSError: the port is taken.
    """
    start_http_server(port, addr=address)
    _LOG.info("serving Prometheus metrics on port %d", port)
