"""The panel beside the live video."""

import re
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from maskdet_app.ops.observability import prometheus
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Detections, FaceBox, Verdict


def test_readouts_are_escaped() -> None:
    html = theme.readouts_html((("<b>", "1 & 2", 'say "so"'),))
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert "1 &amp; 2" in html
    assert 'title="say &quot;so&quot;"' in html


def _panel(
    *,
    n_frames: int = 1,
    verdicts: tuple[str, ...] = (),
    n_looking: int = 0,
    verdict_age_s: float | None = 0.2,
    frame_age_s: float = 0.1,
    delayed: bool = False,
    load: float = 0.26,
    waiting_s: float = 0.0,
) -> None:
    import time
    from types import SimpleNamespace
    from typing import Any

    import streamlit as st

    from maskdet_app.live.panel import status
    from maskdet_core import Detections, Face, FaceBox, LiveStats, Verdict
    from maskdet_core.live import FrameSnapshot

    st.session_state[status._STARTED_AT] = time.monotonic() - waiting_s
    box = FaceBox(10, 10, 40, 40)
    faces = tuple(Face(box, 0.3, 0.3, 0.4, Verdict(verdict)) for verdict in verdicts)
    shown = Detections(64, 64, faces, (box,) * n_looking)
    frame = FrameSnapshot(n_frames, 1.0, shown, verdict_age_s, delayed)
    stats = LiveStats(frame=frame, frame_age_s=frame_age_s) if n_frames else LiveStats()
    processor: Any = SimpleNamespace(snapshot=lambda: stats)
    admission: Any = SimpleNamespace(n_active=1, capacity=2, load=load)
    status._running(processor, "sound", tuple(Verdict))
    status._readouts(stats, admission)


class Panel:
    """The panel for a snapshot, and what it says."""

    def __init__(self, **arguments: Any) -> None:
        self.app = AppTest.from_function(_panel, kwargs=arguments).run()
        assert not self.app.exception
        self.html = "".join(str(element.proto.body) for element in self.app.get("html"))
        groups: tuple[Any, ...] = (self.app.header, self.app.caption, self.app.warning)
        self.words = [str(element.value) for group in groups for element in group]

    @property
    def counts(self) -> dict[str, int]:
        found = re.findall(r'data-verdict="(\w+)"><b>(\d+)</b>', self.html)
        return {verdict: int(n) for verdict, n in found if int(n)}


def test_counts_and_frame_number_are_of_the_snapshot() -> None:
    panel = Panel(n_frames=417, verdicts=("with_mask", "with_mask", "not_sure"))
    assert panel.counts == {"with_mask": 2, "not_sure": 1}
    assert 'data-frame="417"' in panel.html
    assert t("live.on_title") in panel.words


@pytest.mark.parametrize("n_looking", [1, 3])
def test_faces_without_a_look_are_in_no_count_and_set_off_no_alert(n_looking: int) -> None:
    panel = Panel(n_looking=n_looking, verdict_age_s=None)
    assert panel.counts == {}
    assert t("live.looking", n=n_looking) in panel.words
    assert 'role="alert"' not in panel.html
    assert not panel.app.get("audio")
    assert t("live.no_face") not in panel.words


def test_faces_without_a_look_are_named_beside_those_with_a_verdict() -> None:
    panel = Panel(verdicts=("without_mask",), n_looking=2)
    assert panel.counts == {"without_mask": 1}
    assert t("live.looking", n=2) in panel.words
    assert 'role="alert"' in panel.html


def test_beside_a_moving_picture_it_never_waits_for_the_first_one() -> None:
    for arguments in (
        {"verdict_age_s": None},
        {"verdict_age_s": 40.0},
        {"verdict_age_s": None, "n_looking": 2, "waiting_s": 60.0},
        {"verdict_age_s": 60.0, "verdicts": ("not_sure",), "waiting_s": 60.0},
    ):
        panel = Panel(**arguments)
        assert t("live.waiting") not in panel.words
        assert t("live.no_way") not in panel.words
        assert t("live.on_title") in panel.words


def test_before_the_first_picture_it_waits_and_then_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the panel is alone here, without the page that it links to
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    assert t("live.waiting") in Panel(n_frames=0).words
    assert t("live.no_way") in Panel(n_frames=0, waiting_s=60.0).words


def test_no_face_is_said_only_after_somebody_has_looked() -> None:
    assert t("live.searching") in Panel(verdict_age_s=None).words
    assert t("live.no_face") in Panel(verdict_age_s=0.3).words


def test_a_picture_that_has_stopped_is_named_and_sets_off_no_alert() -> None:
    panel = Panel(verdicts=("without_mask",), frame_age_s=8.0)
    assert panel.counts == {"without_mask": 1}
    assert t("live.stopped") in panel.words
    assert t("live.on_title") not in panel.words
    assert 'role="alert"' not in panel.html
    # its figures would be those of earlier
    assert "md-readouts" in Panel().html
    assert "md-readouts" not in panel.html


def test_an_overloaded_server_says_so_and_its_load_passes_a_hundred() -> None:
    panel = Panel(n_looking=4, delayed=True, load=3.4)
    assert t("live.delayed") in panel.words
    (bar,) = panel.app.get("progress")
    assert (bar.proto.value, bar.proto.text) == (100, t("live.load", percent=340))
    assert t("live.delayed") not in Panel(load=0.4).words


def test_faces_without_a_look_are_no_metric_of_a_verdict() -> None:
    def shown() -> dict[str, float]:
        return {v: prometheus.FACES_SHOWN.labels(v.value)._value.get() for v in Verdict}

    before = shown()
    box = FaceBox(10, 10, 40, 40)
    prometheus.LiveMetrics().frame_sent(0.01, Detections(64, 64, (), (box, box)))
    assert shown() == before
