"""Streamlit's command with a record of which film frame became which frame of the stream.

Run as ``python -m testbed.servers.numbered_server run server.py`` with `MASKDET_MODEL` naming the
manifest by `testbed.pictures.drawn_masks.write_manifest` and `RECORD` a file. The classifier is the
stand-in of `testbed.pictures.drawn_masks`, at random speeds. The live page's panel is renewed every
`REFRESH` seconds, so that many frames can be compared in a short time. The demo film stays without
verdicts: to judge it, the stand-in would take a core for a minute.
"""

import json
import os
import time
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from streamlit.web import cli

import maskdet_core
from maskdet_app.live import session
from maskdet_app.live.demo import films
from maskdet_app.live.demo.films import DemoFilm
from maskdet_app.live.panel import status
from maskdet_core import LiveProcessor
from maskdet_core.types import Predictions
from testbed.pictures import frame_numbers
from testbed.pictures.drawn_masks import DrawnMaskClassifier

RECORD: Final = "TESTBED_FRAME_RECORD"
REFRESH: Final = "TESTBED_REFRESH_S"
_SLOW_S: Final = 2.6
_SLOW_SHARE: Final = 0.03
_USUAL_S: Final = 0.3


class ErraticClassifier(DrawnMaskClassifier):
    """The stand-in, after a random time; now and then so long that verdicts grow too old."""

    def __init__(self) -> None:
        """Begin with a fixed seed."""
        self._rng = np.random.default_rng(5)

    def predict(self, crops: NDArray[np.uint8]) -> Predictions:
        """Classify crops, uint8 (N, 128, 128, 3) RGB."""
        is_slow = self._rng.random() < _SLOW_SHARE
        time.sleep(_SLOW_S if is_slow else float(self._rng.uniform(0.0, _USUAL_S)))
        return super().predict(crops)


class RecordingProcessor(LiveProcessor):
    """A visitor's stream, each frame of which is recorded. The demo film has none of these."""

    def recv(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Take one frame, as `LiveProcessor.recv` does, and record which it was."""
        film_number = frame_numbers.read(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
        drawn = super().recv(frame)
        shown = self.snapshot().frame
        row: dict[str, Any] = {
            "at_s": time.time(),
            "film": film_number,
            "frame": None if shown is None else shown.number,
        }
        with Path(os.environ[RECORD]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        return drawn


def main() -> None:
    """Run Streamlit's command line."""
    vars(status)["REFRESH_S"] = float(os.environ[REFRESH])
    film = DemoFilm(films.FILM.read_bytes())
    vars(films)["current"] = lambda *_, **__: film
    vars(session)["LiveProcessor"] = RecordingProcessor
    vars(maskdet_core)["load_classifier"] = lambda *_, **__: ErraticClassifier()
    cli.main()


if __name__ == "__main__":
    main()
