"""What a visitor may set on the live page, and what they may take home."""

import io
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, get_args

import numpy as np
import streamlit as st

from maskdet_app.ui import query_params
from maskdet_app.ui.i18n import t
from maskdet_core import LiveProcessor, encode_jpeg

Alert = Literal["off", "colour", "sound"]
_ALERTS: Final[tuple[Alert, ...]] = get_args(Alert)
_OFF: Final[Alert] = "off"
FRONT: Final = "user"
REAR: Final = "environment"
_RATE: Final = 22_050
_FIRST_PICTURE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """A visitor's choices: the facing mode of their camera, and the alert."""

    facing: str
    alert: Alert


def ask(processor: LiveProcessor) -> LiveOptions:
    """Draw the choices; the mirror takes effect on the processor at once."""
    facing = query_params.segmented_control(
        "facing",
        t("live.camera_label"),
        (FRONT, REAR),
        FRONT,
        format_func=lambda mode: t("live.camera_front" if mode == FRONT else "live.camera_rear"),
        help=t("live.camera_help"),
    )
    # a mirror is what people expect of a camera that looks at them, and of no other
    mirrored = st.toggle(t("live.mirror_label"), value=facing == FRONT, key=f"mirror_{facing}")
    processor.set_mirrored(mirrored)
    alert = query_params.segmented_control(
        "alert",
        t("live.alert_label"),
        _ALERTS,
        _OFF,
        format_func=lambda kind: t(f"live.alert_{kind}"),
        help=t("live.alert_help"),
    )
    return LiveOptions(facing, alert)


def asked_facing() -> str:
    """The camera that the address asks for."""
    return query_params.read("facing", (FRONT, REAR), FRONT)


def constraints(facing: str) -> dict[str, Any]:
    """What to ask of the browser's camera: wishes, so that no camera is refused for them."""
    return {
        "video": {
            "width": {"ideal": 640},
            "height": {"ideal": 480},
            "frameRate": {"ideal": 30, "max": 30},
            "facingMode": {"ideal": facing},
        },
        "audio": False,
    }


def snapshot_button(processor: LiveProcessor) -> None:
    """Hand the newest frame with its verdicts to the visitor; the server keeps none."""
    st.download_button(
        t("live.snapshot"),
        data=_picture(processor),
        file_name="maskdet.jpg",
        mime="image/jpeg",
        help=t("live.snapshot_help"),
        icon=":material/photo_camera:",
        on_click="ignore",
        key="live_snapshot",
    )


def _picture(processor: LiveProcessor) -> Callable[[], bytes]:
    def encode() -> bytes:
        # the button is there from the start, the first frame a moment later
        until = time.monotonic() + _FIRST_PICTURE_S
        while (picture := processor.picture()) is None and time.monotonic() < until:
            time.sleep(0.05)
        return b"" if picture is None else encode_jpeg(picture)

    return encode


def show_alert(alert: Alert, n_without: int) -> None:
    """Say that somebody wears no mask, in words on colour and, if wished, by sound."""
    if alert == "off" or not n_without:
        return
    st.html(f'<div class="md-alert" role="alert">{t("live.alert_words")}</div>')
    if alert == "sound":
        with st.container(key="alert-sound"):
            st.audio(_chime(), format="audio/wav", autoplay=True)


@cache
def _chime() -> bytes:
    """Two falling tones of a fifth of a second each, as a WAV file."""
    t = np.arange(int(0.2 * _RATE)) / _RATE
    swell = np.sin(np.pi * t / t[-1]) ** 0.5
    tones = np.concatenate([np.sin(2 * np.pi * hertz * t) * swell for hertz in (880.0, 659.3)])
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes((0.35 * 32767 * tones).astype("<i2").tobytes())
    return buffer.getvalue()
