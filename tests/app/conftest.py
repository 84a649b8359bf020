"""Pages without a camera, and checked photos with given probabilities without a network."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
import streamlit_webrtc

from maskdet_app.photo.batch import Photo
from maskdet_app.ui.detection import detector
from maskdet_core import Detections, Face, FaceBox, Verdict, encode_jpeg
from maskdet_core.reasons import Problem, Reason
from maskdet_core.types import MaskProbabilities, decide
from testbed.pictures import drawn_masks

MakePhoto = Callable[..., Photo]


def jpeg(width: int = 120, height: int = 90, seed: int = 0) -> bytes:
    """A JPEG of one random colour."""
    level = np.random.default_rng(seed).integers(60, 200, 3)
    return encode_jpeg(np.full((height, width, 3), level, np.uint8))


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put `__main__` back after AppTest has replaced it: a spawned process would run its script."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def _no_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the WebRTC component idle: AppTest cannot run it, and the browser tests do."""
    state = SimpleNamespace(playing=False, signalling=False)
    monkeypatch.setattr(
        streamlit_webrtc, "webrtc_streamer", lambda **_: SimpleNamespace(state=state)
    )


@pytest.fixture
def three_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages have a stand-in for a network that knows masks worn wrong."""
    monkeypatch.setenv("MASKDET_MODEL", str(drawn_masks.write_manifest(tmp_path)))
    monkeypatch.setattr(detector, "load_classifier", lambda _: drawn_masks.DrawnMaskClassifier())
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def make_photo() -> MakePhoto:
    """Make a checked photo with a face for each probability, or one that cannot be read."""

    def make(name: str, *probabilities: float, error: str | None = None) -> Photo:
        faces = tuple(
            Face.of_two_classes(
                FaceBox(10 * i, 10, 20, 20), p, decide(MaskProbabilities.of_two_classes(p), 0.95)
            )
            for i, p in enumerate(probabilities)
        )
        detections = None if error else Detections(120, 90, faces)
        data = jpeg()
        reason = None if error is None else Reason(Problem.DAMAGED, error)
        return Photo(name, name, data, detections, reason, "usual", b"" if error else data)

    return make


LABELS = {verdict: verdict.value for verdict in Verdict}
