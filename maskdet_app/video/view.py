"""The video part of the page: progress, then who is seen when, moments, downloads."""

import json
from collections.abc import Mapping
from typing import Any, Final, Literal

import streamlit as st

from maskdet_app.ui.elements.charts import finished
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import drawn_labels, drawn_looking, t, verdict_label
from maskdet_app.ui.texts.reasons import reason_text
from maskdet_app.ui.texts.times import clock_tenths
from maskdet_app.video import charts, html_report, upload
from maskdet_app.video.job import MAX_BYTES, MAX_LENGTH_S, MAX_PIXELS, State, VideoJob
from maskdet_app.video.options import CheckOptions
from maskdet_app.video.upload import VideoVisit
from maskdet_core import MaskDetector, Verdict
from maskdet_core.batch.videos.job import VideoJobOptions, VideoOutcome
from maskdet_core.batch.videos.report import tracks_csv_bytes
from maskdet_core.times import clock

REFRESH_S: Final = 0.5
"""Time between two looks at the progress."""
_PLAYABLE: Final = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/mp4",
    "webm": "video/webm",
}
"""Media type by suffix of what browsers play."""
_MOMENTS_SHOWN: Final = 24
_CHART: Final = "video_chart"
_FILM_PX: Final = 240
"""Width of the place where a film is asked for, made and fetched: nothing around it moves."""


def show(current: VideoVisit, detector: MaskDetector, options: CheckOptions) -> None:
    """Draw the check of the visitor's video; begin it where it has not.

    Args:
        current: the visitor's video.
        detector: of the kind that checks it.
        options: how it is checked.
    """
    progress, note, changed, result = containers.reserve(4)
    if not current.data:
        note.caption(t("video.empty"))
        return
    wanted = _options(options.min_confidence, options.two_classes)
    if current.check is None:
        current.check = _job(current, wanted)
    check = current.check
    if check.state in (State.WAITING, State.RUNNING):
        with progress.container(key="check-progress"):
            _show_progress(check, "check")
        return
    if check.outcome is None:
        text = _error_text(check) or t("video.cancelled")
        note.warning(text, icon=":material/movie_off:")
        if check.state is State.CANCELLED:
            changed.button(t("video.again"), on_click=_check_again, args=(current,), key="again")
        return
    if check.options != wanted:
        with changed.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("video.changed"))
            st.button(t("video.again"), on_click=_check_again, args=(current,), key="again")
    with result:
        _show_result(current, check, check.outcome, detector, options)
    upload.count_film(current)


@st.fragment(run_every=REFRESH_S)
def _show_progress(job: VideoJob, kind: Literal["check", "film"]) -> None:
    now = job.snapshot()
    if now.state not in (State.WAITING, State.RUNNING):
        st.rerun()
    if now.state is State.WAITING:
        text = t(f"video.{kind}_waiting")
    elif now.left_s is None:
        text = t("video.starting")
    else:
        percent = int(100 * (now.share or 0.0))
        text = t(f"video.{kind}_progress", percent=percent, left=clock(now.left_s + 1))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(now.share or 0.0, text)
        st.button(
            t("video.cancel"), icon=":material/close:", on_click=job.cancel, key=f"stop-{kind}"
        )


def _show_result(
    current: VideoVisit,
    check: VideoJob,
    outcome: VideoOutcome,
    detector: MaskDetector,
    options: CheckOptions,
) -> None:
    row = outcome.row
    head, first, chart, moments, seconds = containers.reserve(5)
    with head.container(horizontal=True, vertical_alignment="center", key="results-head"):
        st.header(theme.escape_markdown(current.name), anchor=False, width="content")
        with st.container(horizontal=True, width="content"):
            html_report.show(
                current.name, outcome, detector, check.options, blurred=options.blur_faces
            )
            _show_downloads(current, check, row, blur=options.blur_faces)
    player, summary = first.columns(2, gap="medium")
    with summary.container(key="video-summary"):
        counts = {verdict: row["people_by_verdict"][verdict.value] for verdict in Verdict}
        st.html(theme.count_tiles_html(counts, options.verdicts))
        st.caption(t("video.people", n=row["n_people"], length=clock(row["length_s"])))
        for note in outcome.notes:
            st.caption(reason_text(note))
    if row["people"]:
        with chart:
            _show_timeline(current, row)
    # after the chart, whose click may have moved it, and above it
    with player.container(key="video-player"):
        _show_player(current)
    if row["moments"]:
        with moments:
            _show_moments(current, row, outcome.pictures)
    if row["people"]:
        with seconds:
            st.subheader(t("video.by_second"), anchor=False)
            st.altair_chart(finished(charts.seconds_chart(row)), alt=t("video.by_second"))


def _show_player(current: VideoVisit) -> None:
    media_type = _PLAYABLE.get(current.name.rpartition(".")[2].lower())
    if media_type is None:
        st.caption(t("video.not_playable"))
        return
    st.video(
        current.data,
        format=media_type,
        start_time=int(current.start_s),
        alt=current.name,
        # a click on the timeline is a wish to see it
        autoplay=current.start_s > 0,
    )


def _show_timeline(current: VideoVisit, row: Mapping[str, Any]) -> None:
    st.subheader(t("video.timeline"), anchor=False)
    event = st.altair_chart(
        finished(charts.people_chart(row)),
        on_select="rerun",
        selection_mode=charts.SELECTED,
        key=_CHART,
        alt=t("video.timeline_alt", n=row["n_people"]),
    )
    chosen = event["selection"].get(charts.SELECTED) if event else None
    if chosen:
        current.start_s = float(chosen[0]["start_s"])
    hidden = row["n_people"] - charts.MAX_PEOPLE
    st.caption(t("video.timeline_note") + (f" {t('video.hidden', n=hidden)}" if hidden > 0 else ""))


def _show_moments(current: VideoVisit, row: Mapping[str, Any], pictures: tuple[bytes, ...]) -> None:
    st.subheader(t("video.moments"), anchor=False)
    with st.container(horizontal=True):
        for n, (one, jpeg) in enumerate(zip(row["moments"], pictures, strict=True)):
            if n == _MOMENTS_SHOWN:
                break
            with st.container(width=160):
                label = verdict_label(Verdict(one["verdict"]))
                who = t("video.person", n=one["person"])
                at = clock_tenths(one["at_s"])
                st.image(jpeg, alt=f"{who}, {label}, {at}", caption=f"{who}: {label}")
                st.button(
                    t("video.jump", at=at),
                    icon=":material/play_arrow:",
                    on_click=_jump,
                    args=(current, one["at_s"]),
                    key=f"jump-{n}",
                    width="stretch",
                )
    hidden = len(row["moments"]) - _MOMENTS_SHOWN
    if hidden > 0:
        st.caption(t("video.moments_hidden", n=hidden))


def _show_downloads(
    current: VideoVisit, check: VideoJob, row: Mapping[str, Any], *, blur: bool
) -> None:
    with st.container(width=_FILM_PX, key="video-film", gap=None):
        _show_film(current, check, blur=blur)
    for kind, data, mime, icon in (
        ("csv", tracks_csv_bytes([row]), "text/csv", ":material/table:"),
        (
            "json",
            json.dumps(row, ensure_ascii=False).encode(),
            "application/json",
            ":material/data_object:",
        ),
    ):
        st.download_button(
            t(f"photo.{kind}"),
            data,
            file_name=f"maskdet-video.{kind}",
            mime=mime,
            icon=icon,
            help=t(f"video.{kind}_help"),
            on_click="ignore",
            key=f"video_{kind}",
        )
    st.button(
        t("video.forget"),
        icon=":material/delete:",
        on_click=upload.remove,
        args=(current,),
        key="video_forget",
    )


def _show_film(current: VideoVisit, check: VideoJob, *, blur: bool) -> None:
    button, progress, error = containers.reserve(3)
    film = current.film
    wanted = _options(check.options.min_confidence, check.options.two_classes, film=True, blur=blur)
    if film is not None and film.state in (State.WAITING, State.RUNNING):
        with progress:
            _show_progress(film, "film")
        return
    if film is not None and film.options == wanted and film.outcome is not None:
        button.download_button(
            t("video.film_ready"),
            film.outcome.film or b"",
            file_name="maskdet.mp4",
            mime="video/mp4",
            icon=":material/download:",
            on_click="ignore",
            type="primary",
            key="video_film",
            width="stretch",
        )
        return
    button.button(
        t("video.film"),
        icon=":material/movie_edit:",
        help=t("video.film_help"),
        on_click=_make_film,
        args=(current, wanted),
        key="video_make_film",
        width="stretch",
    )
    if film is not None and film.reason is not None:
        error.caption(_error_text(film))


def _error_text(job: VideoJob) -> str:
    """Why a job has failed; empty for others."""
    return "" if job.reason is None else t("video.error", reason=reason_text(job.reason))


def _options(
    min_confidence: float | None, two_classes: bool, *, film: bool = False, blur: bool = False
) -> VideoJobOptions:
    return VideoJobOptions(
        MAX_BYTES,
        MAX_LENGTH_S,
        MAX_PIXELS,
        min_confidence=min_confidence,
        two_classes=two_classes,
        film=film,
        blur=blur and film,
        labels={str(one): word for one, word in drawn_labels().items()} if film else None,
        looking=drawn_looking() if film else None,
    )


def _job(current: VideoVisit, options: VideoJobOptions) -> VideoJob:
    return VideoJob(current.name, current.data, options, upload.while_visited())


def _check_again(current: VideoVisit) -> None:
    for job in (current.check, current.film):
        if job is not None:
            job.cancel()
    current.check = current.film = None


def _make_film(current: VideoVisit, options: VideoJobOptions) -> None:
    current.film = _job(current, options)


def _jump(current: VideoVisit, at_s: float) -> None:
    current.start_s = at_s
    # a selection in the chart would win over it
    st.session_state.pop(_CHART, None)
