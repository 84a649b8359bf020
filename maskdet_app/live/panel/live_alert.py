"""The announcement of people without a mask, or with one worn wrong, beside the live video."""

import io
import wave
from functools import cache
from html import escape
from typing import Final

import numpy as np
import streamlit as st

from maskdet_app.live.panel.options import Alert
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Verdict
from maskdet_core.live import FrameSnapshot

_SAMPLE_RATE: Final = 22_050


def show(alert: Alert, frame: FrameSnapshot) -> None:
    """Announce people without a mask or with one worn wrong by a banner and, if chosen, sound.

    Args:
        alert: the visitor's choice.
        frame: whose faces count; those being looked at do not.
    """
    kind = _kind(frame)
    if alert == "off" or kind is None:
        return
    words = escape(t(f"live.alert_{kind}"))
    st.html(f'<div class="md-alert md-alert-{kind}" role="alert">{words}</div>')
    if alert == "sound":
        with st.container(key="alert-sound"):
            st.audio(_chime(), format="audio/wav", autoplay=True)


def _kind(frame: FrameSnapshot) -> str | None:
    match bool(frame.count(Verdict.WITHOUT_MASK)), bool(frame.count(Verdict.WORN_WRONG)):
        case True, True:
            return "both"
        case True, False:
            return "without_mask"
        case False, True:
            return "worn_wrong"
    return None


@cache
def _chime() -> bytes:
    """Two falling tones of a fifth of a second each, as a WAV file."""
    seconds = np.arange(int(0.2 * _SAMPLE_RATE)) / _SAMPLE_RATE
    envelope = np.sin(np.pi * seconds / seconds[-1]) ** 0.5
    tones = np.concatenate(
        [np.sin(2 * np.pi * hertz * seconds) * envelope for hertz in (880.0, 659.3)]
    )
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SAMPLE_RATE)
        sound.writeframes((0.35 * 32767 * tones).astype("<i2").tobytes())
    return buffer.getvalue()
