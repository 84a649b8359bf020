"""One camera on the page: its picture, counts and state, refreshed together, and only they."""

from html import escape
from typing import Final

import streamlit as st
from streamlit import runtime

from maskdet_app.cameras import shared_feeds
from maskdet_app.cameras.feed import CameraPicture, CameraView
from maskdet_app.ops.live_streams import alert_channels
from maskdet_app.ops.settings.camera_settings import Camera
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.detection import two_classes
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import drawn_labels, drawn_looking, t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core import MaskDetector, Verdict

REFRESH_S: Final = 0.35
"""Between two pictures: three a second are enough to follow people, and cost a phone little."""
QUERY_PARAM: Final = "watch"
"""Of the camera's code."""
_N_KEPT: Final = 4
_PLACE: Final = "maskdet-camera"


def choose(cameras: tuple[Camera, ...]) -> Camera:
    """Show the choice, kept in the query parameter; one camera needs none."""
    by_code = {camera.code: camera for camera in cameras}
    if len(cameras) == 1:
        return cameras[0]
    code = query_params.segmented_control(
        QUERY_PARAM,
        t("cameras.choose"),
        list(by_code),
        cameras[0].code,
        format_func=lambda code: theme.escape_markdown(by_code[code].name),
    )
    return by_code[code]


def show_alert_notice() -> None:
    """Say that events leave the page, where they do."""
    settings = alert_channels.settings()
    if settings.of_cameras:
        place = theme.escape_markdown(settings.place or t("alerts.operator"), 80)
        if settings.with_picture:
            words = t("cameras.alerts_picture", place=place)
        else:
            words = t("cameras.alerts", place=place)
        # small, so that the picture is in view beside it
        st.caption(f":material/campaign: {words}")


def show(camera: Camera, detector: MaskDetector) -> None:
    """Show a camera; the picture refreshes itself.

    Args:
        camera: which.
        detector: judges it, if nobody looks at it yet.
    """
    st.fragment(_show, run_every=REFRESH_S)(camera, detector)


def _show(camera: Camera, detector: MaskDetector) -> None:
    feed = shared_feeds.feeds().of(camera, detector)
    seen = feed.look(drawn_labels(), drawn_looking())
    verdicts = two_classes.verdicts(detector.classifier.manifest, two_classes=detector.two_classes)
    left, right = st.container(key="camera-row").columns([1.8, 1], gap="medium")
    with left:
        if seen.picture is None:
            st.html(f'<div class="md-no-picture">{theme.icon_html("no_picture")}</div>')
        else:
            _keep(seen.picture)
            alt = t("cameras.alt", name=camera.name)
            name = theme.escape_markdown(camera.name)
            st.image(seen.picture.jpeg, caption=name, alt=alt, width="stretch")
    with right:
        # their number never changes, so that nothing jumps
        heading, tiles, note = containers.reserve(3)
        title, words = _words(seen)
        heading.header(title, anchor=False)
        picture = seen.picture
        if picture is not None:
            html = theme.count_tiles_html(picture.counts(), verdicts, frame_number=picture.number)
            # the style sheet dims the picture
            tiles.html(html + ('<i class="md-lost"></i>' if seen.state == "lost" else ""))
        note.caption(words or "\u00a0")
        with st.container():
            if seen.state == "connected":
                _warn(picture)


def _words(seen: CameraView) -> tuple[str, str]:
    """Title and note of a state."""
    if seen.state == "connecting":
        return t("cameras.connecting_title"), t("cameras.connecting")
    if seen.state == "full":
        return t("live.full_title"), t("cameras.full")
    if seen.state == "lost":
        if seen.picture is None:
            seconds = number_text(seen.since_s, ".0f")
            return t("cameras.never_title"), t("cameras.never", seconds=seconds)
        return t("cameras.lost_title"), t("cameras.lost", seconds=number_text(seen.since_s, ".0f"))
    if seen.picture is None:
        return t("live.waiting_title"), t("cameras.waiting")
    found = seen.picture.detections
    if found.unjudged:
        return t("live.on_title"), t("live.looking", n=len(found.unjudged))
    return t("live.on_title"), "" if len(found) else t("live.no_face")


def _warn(picture: CameraPicture | None) -> None:
    """Say in words what the colours show."""
    if picture is None:
        return
    counts = picture.counts()
    kinds = [
        verdict.value for verdict in (Verdict.WITHOUT_MASK, Verdict.WORN_WRONG) if counts[verdict]
    ]
    if kinds:
        kind = "both" if len(kinds) == 2 else kinds[0]
        words = escape(t(f"live.alert_{kind}"))
        st.html(f'<div class="md-alert md-alert-{kind}">{words}</div>')


def _keep(picture: CameraPicture) -> None:
    """Keep the newest pictures for a moment: a slow browser still fetches the one before."""
    if runtime.exists():
        place = f"{_PLACE}-{picture.number % _N_KEPT}"
        runtime.get_instance().media_file_mgr.add(picture.jpeg, "image/jpeg", place)
