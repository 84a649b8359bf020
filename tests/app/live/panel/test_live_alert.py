"""The sound of the alert; `test_three_verdicts` has its words."""

import wave
from io import BytesIO

import numpy as np

from maskdet_app.live.panel import live_alert


def test_alert_sounds_without_clipping() -> None:
    with wave.open(BytesIO(live_alert._chime())) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        assert 0.2 <= sound.getnframes() / sound.getframerate() <= 1.0
    assert 3000 < np.abs(samples.astype(int)).max() < 30_000
