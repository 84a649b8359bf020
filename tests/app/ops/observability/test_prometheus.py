import urllib.request

from prometheus_client import REGISTRY

from maskdet_app.ops.observability import prometheus
from maskdet_core import Detections, Face, FaceBox, Verdict
from testbed.processes.interpreter import run_python
from testbed.servers.server import free_port

FACES = ("maskdet_faces_shown_total", "maskdet_photo_faces_total")
DETECTIONS = Detections(
    100, 100, (Face.of_two_classes(FaceBox(1, 1, 50, 50), 0.99, Verdict.WITH_MASK),)
)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_live_streams_are_counted() -> None:
    frames = value("maskdet_frames_total")
    faces = value("maskdet_faces_shown_total", verdict="with_mask")
    refused = value("maskdet_refused_total", what="viewer")
    meter = prometheus.LiveMetrics()
    meter.frame_received()
    meter.frame_sent(0.004, DETECTIONS)
    meter.viewer_rejected()
    assert value("maskdet_frames_total") == frames + 1
    assert value("maskdet_faces_shown_total", verdict="with_mask") == faces + 1
    assert value("maskdet_refused_total", what="viewer") == refused + 1


def test_photos_are_counted_by_outcome() -> None:
    outcomes = ("faces", "no_face", "unreadable")
    before = {one: value("maskdet_photos_total", outcome=one) for one in outcomes}
    faces = value("maskdet_photo_faces_total", verdict="with_mask")
    meter = prometheus.PhotoMetrics()
    for detections in (None, DETECTIONS, Detections(100, 100)):
        meter.photo_checked(detections)
    after = {one: value("maskdet_photos_total", outcome=one) for one in outcomes}
    assert after == {one: n + 1 for one, n in before.items()}
    assert value("maskdet_photo_faces_total", verdict="with_mask") == faces + 1


def test_every_verdict_is_counted_from_zero() -> None:
    code = """
from maskdet_app.ops.observability import prometheus
from prometheus_client import REGISTRY
for name in ("maskdet_faces_shown_total", "maskdet_photo_faces_total"):
    for verdict in ("with_mask", "worn_wrong", "without_mask", "not_sure"):
        print(REGISTRY.get_sample_value(name, {"verdict": verdict}))
"""
    assert run_python(code).split() == ["0.0"] * 8


def test_worn_wrong_is_a_verdict_of_its_own() -> None:
    face = Face(FaceBox(1, 1, 50, 50), 0.1, 0.8, 0.1, Verdict.WORN_WRONG)
    before = [value(name, verdict="worn_wrong") for name in FACES]
    prometheus.LiveMetrics().frame_sent(0.004, Detections(100, 100, (face,)))
    prometheus.PhotoMetrics().photo_checked(Detections(100, 100, (face, face)))
    after = [value(name, verdict="worn_wrong") for name in FACES]
    assert after == [before[0] + 1, before[1] + 2]


def test_metrics_are_served() -> None:
    port = free_port()
    prometheus.serve(port, "127.0.0.1")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
        assert b"maskdet_frames_total" in response.read()
