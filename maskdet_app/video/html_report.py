"""The HTML report of a video, in the visitor's language."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from maskdet_app.ui.texts.i18n import report_language, t
from maskdet_core import MaskDetector
from maskdet_core.batch.photos.document import html_text
from maskdet_core.batch.videos.job import VideoJobOptions, VideoOutcome
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import Texts
from maskdet_core.html_report.videos import VideoPart
from maskdet_core.untrusted_text import one_line


def show(
    name: str,
    outcome: VideoOutcome,
    detector: MaskDetector,
    options: VideoJobOptions,
    *,
    blurred: bool,
) -> None:
    """Draw the download.

    Args:
        name: of the video's file; untrusted.
        outcome: of its check.
        detector: of the kind that checked it.
        options: of its check.
        blurred: blur the faces in the pictures of moments.
    """
    st.download_button(
        t("photo.report"),
        partial(
            html_file,
            name,
            outcome.row,
            outcome.blurred_pictures if blurred else outcome.pictures,
            check_facts(detector, options),
            # the file is made outside of this run, where the visitor's language is not known
            report_language(),
            blurred=blurred,
        ),
        file_name="maskdet-video.html",
        mime="text/html",
        icon=":material/description:",
        help=t("video.report_help"),
        on_click="ignore",
        type="primary",
        key="video_report",
    )


def check_facts(detector: MaskDetector, options: VideoJobOptions) -> CheckFacts:
    """How a video is checked by these options."""
    facts = CheckFacts.of_videos(detector)
    return replace(
        facts,
        min_confidence=facts.min_confidence
        if options.min_confidence is None
        else options.min_confidence,
        two_classes=options.two_classes,
    )


def html_file(
    name: str,
    row: Mapping[str, Any],
    pictures: Sequence[bytes],
    facts: CheckFacts,
    language: str,
    *,
    blurred: bool,
) -> bytes:
    """A video as one HTML file.

    Args:
        name: of its file; untrusted.
        row: from `maskdet_core.batch.videos.report.video_json`.
        pictures: JPEG of each of its moments.
        facts: how it was checked.
        language: one of `maskdet_core.html_report.texts.languages`.
        blurred: whether the faces in the pictures are blurred.
    """
    part = VideoPart([row], [one_line(name)], facts, lambda _: pictures)
    made_at = datetime.now(UTC)
    pieces = html_text([], facts, Texts(language), made_at, blurred=blurred, videos=part)
    return "".join(pieces).encode("utf-8")
