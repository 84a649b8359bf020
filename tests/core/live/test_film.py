"""A film judged as a live stream is: the live page's demo, with the shipped network and finder."""

from itertools import groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from maskdet_core import FaceBox, MaskDetector, Verdict
from maskdet_core.errors import UnwantedError
from maskdet_core.live import FrameSnapshot
from maskdet_core.live.film import draw_film, judge_film
from testbed.repository import REPO_ROOT
from train.commands.demo_film import DEMO_FILM
from train.samples import film as demo

FILM = REPO_ROOT / DEMO_FILM
MAX_WAIT_S = 0.7
"""From the moment that the mask is where it stays until the verdict is there."""
Shown = tuple[FrameSnapshot, ...]


@pytest.fixture(scope="module")
def shown(shipped_manifest: Path) -> Shown:
    return judge_film(FILM, MaskDetector.load(preset="live"))


def test_the_demo_gets_the_three_verdicts_in_its_order_each_soon_enough(shown: Shown) -> None:
    assert len(shown) == demo.N_FRAMES
    assert {len(frame.detections.faces) for frame in shown} == {1}
    assert not any(frame.n_looking for frame in shown)
    verdicts = [frame.detections.faces[0].verdict for frame in shown]
    spans = [(verdict, len(list(group))) for verdict, group in groupby(verdicts)]
    assert [verdict for verdict, _ in spans] == [
        Verdict.WITHOUT_MASK,
        Verdict.WITH_MASK,
        Verdict.WORN_WRONG,
        Verdict.WITHOUT_MASK,
    ]
    changes_s = np.cumsum([n for _, n in spans])[:3] / demo.FPS
    moves_s = np.array([demo.PUT_ON_S, demo.PULL_DOWN_S, demo.TAKE_OFF_S])
    assert (changes_s > moves_s).all()
    assert (changes_s < moves_s + demo.MOVE_S + MAX_WAIT_S).all()


def test_faces_of_two_classes_are_never_worn_wrong(shipped_manifest: Path) -> None:
    detector = MaskDetector.load(preset="live")
    shown = judge_film(FILM, detector, two_classes=True)
    verdicts = [frame.detections.faces[0].verdict for frame in shown]
    assert [verdict for verdict, _ in groupby(verdicts)] == [
        Verdict.WITHOUT_MASK,
        Verdict.WITH_MASK,
        Verdict.WITHOUT_MASK,
    ]


def test_verdicts_are_drawn_on_every_frame(shown: Shown, tmp_path: Path) -> None:
    path = tmp_path / "judged.mp4"
    path.write_bytes(draw_film(FILM, shown))
    with av.open(str(path)) as file, av.open(str(FILM)) as original:
        assert file.streams.video[0].codec_context.name == "h264"
        assert file.streams.video[0].average_rate == demo.FPS
        assert file.duration == pytest.approx(1e6 * demo.LOOP_S, abs=1e5)
        pairs = zip(file.decode(video=0), original.decode(video=0), shown, strict=True)
        for drawn, bare, frame in pairs:
            changed = np.abs(
                drawn.to_ndarray(format="rgb24").astype(int) - bare.to_ndarray(format="rgb24")
            )
            box = frame.detections.faces[0].box
            side = changed[round(box.y) : round(box.y + box.h), round(box.x)]
            assert side.max(axis=1).mean() > 40
            assert changed[-60:].mean() < 5


def test_the_same_film_is_judged_alike_each_time(shown: Shown, shipped_manifest: Path) -> None:
    assert judge_film(FILM, MaskDetector.load(preset="live")) == shown


def test_other_snapshots_than_frames_are_refused(shown: Shown) -> None:
    with pytest.raises(ValueError, match="shorter"):
        draw_film(FILM, shown[:-1])


def test_what_is_no_video_is_named(tmp_path: Path, stub_classifier: Any, stub_finder: Any) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no film" * 50)
    with pytest.raises(OSError, match=r"film\.mp4"):
        judge_film(path, MaskDetector(stub_finder(), stub_classifier(0.9)))


def test_a_frame_that_cannot_be_judged_ends_it(stub_classifier: Any, stub_finder: Any) -> None:
    class Broken(stub_classifier):  # type: ignore[misc]
        def predict(self, crops: Any) -> Any:
            raise RuntimeError("out of order")

    finder = stub_finder(FaceBox(200, 100, 120, 160))
    with pytest.raises(ValueError, match="could not be judged"):
        judge_film(FILM, MaskDetector(finder, Broken(0.9)))


def test_film_that_is_not_wanted_any_more_is_not_finished(
    shown: Shown, stub_finder: Any, stub_classifier: Any
) -> None:
    answers = iter([True, True, False])
    with pytest.raises(UnwantedError):
        judge_film(
            FILM,
            MaskDetector(stub_finder(), stub_classifier(0.9)),
            is_wanted=lambda: next(answers),
        )
    answers = iter([True, False])
    with pytest.raises(UnwantedError):
        draw_film(FILM, shown, is_wanted=lambda: next(answers))
