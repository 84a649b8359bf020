"""What visitors of the cameras page share: the feeds, with the live page's worker and slots."""

import streamlit as st

from maskdet_app.cameras.feed import CameraFeed, CameraFeeds
from maskdet_app.ops.live_streams import alert_channels, viewer_slots
from maskdet_app.ops.live_streams.inference_worker import worker
from maskdet_app.ops.settings.camera_settings import Camera
from maskdet_core import MaskDetector


@st.cache_resource(show_spinner=False, on_release=CameraFeeds.close)
def feeds() -> CameraFeeds:
    """The server's feeds."""
    return CameraFeeds(_start)


def _start(camera: Camera, detector: MaskDetector) -> CameraFeed:
    return CameraFeed(
        camera,
        detector,
        worker(),
        viewer_slots.usable_admission(),
        alert_channels.camera,
        with_picture=alert_channels.settings().with_picture,
    )
