"""The panel beside the live video."""

import wave
from io import BytesIO

import numpy as np

from maskdet_app.live import status
from maskdet_app.ui import theme


def test_readouts_are_escaped() -> None:
    html = theme.readouts_html((("<b>", "1 & 2", 'say "so"'),))
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert "1 &amp; 2" in html
    assert 'title="say &quot;so&quot;"' in html


def test_alert_sounds_without_clipping() -> None:
    with wave.open(BytesIO(status._chime())) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        assert 0.2 <= sound.getnframes() / sound.getframerate() <= 1.0
    assert 3000 < np.abs(samples.astype(int)).max() < 30_000
