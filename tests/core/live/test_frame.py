"""A frame's pixels: formats, sizes, colours, mirroring, drawing."""

from fractions import Fraction

import numpy as np
import pytest

from maskdet_core import FaceBox, LiveProcessor, Verdict
from tests.core.live.fakes import FakeFinder, FakeNetwork, MakeFrame, Step, counts, vermilion


def test_face_is_drawn_after_its_first_prediction(
    step: Step, make_frame: MakeFrame, network: FakeNetwork
) -> None:
    network.p_with_mask = 0.01
    first = make_frame(320, 240)
    assert step(first) is first
    frame = make_frame(320, 240)
    before = frame.to_ndarray(format="rgb24")
    drawn = step(frame)
    assert drawn is not frame
    assert (drawn.width, drawn.height) == (320, 240)
    assert (drawn.pts, drawn.time_base) == (3003, Fraction(1, 90_000))
    assert vermilion(drawn).any()
    assert np.array_equal(frame.to_ndarray(format="rgb24"), before)


def test_boxes_move_with_each_frame(
    step: Step,
    make_frame: MakeFrame,
    network: FakeNetwork,
    finder: FakeFinder,
    processor: LiveProcessor,
) -> None:
    network.p_with_mask = 0.01
    step()
    finder.boxes = []
    # no inference between these frames: optical flow alone moves the box
    drawn = [processor.recv(make_frame(320, 240, "yuv420p", shift)) for shift in range(0, 40, 4)]
    left_px = [int(np.flatnonzero(vermilion(frame)[130])[0]) for frame in drawn]
    assert np.diff(left_px).mean() == pytest.approx(4.0, abs=0.5)


@pytest.mark.parametrize("pixel_format", ["rgb24", "bgr24", "yuv420p", "nv12", "yuvj420p"])
def test_network_gets_rgb_from_any_pixel_format(
    pixel_format: str,
    step: Step,
    network: FakeNetwork,
    make_frame: MakeFrame,
    processor: LiveProcessor,
) -> None:
    step(make_frame(pixel_format=pixel_format, width=128, height=96, shift=-1))
    assert processor.snapshot().errors == 0
    crop_rgb = network.crops[0][0, 8, 8].astype(int)
    assert np.abs(crop_rgb - [240, 20, 0]).max() < 12


@pytest.mark.parametrize("pixel_format", ["rgb24", "yuv420p", "yuvj420p"])
def test_colours_outside_the_drawing_stay(
    pixel_format: str, step: Step, make_frame: MakeFrame
) -> None:
    step(make_frame(320, 240, pixel_format))
    frame = make_frame(320, 240, pixel_format)
    drawn = step(frame)
    assert drawn is not frame
    before, after = (f.to_ndarray(format="rgb24").astype(int) for f in (frame, drawn))
    assert np.abs(before - after)[200:].max() <= 6


def test_size_and_pixel_format_may_change_during_a_stream(
    step: Step, make_frame: MakeFrame, processor: LiveProcessor
) -> None:
    sizes = [
        (64, 48, "rgb24"),
        (640, 480, "yuv420p"),
        (48, 64, "bgr24"),
        (63, 47, "yuv420p"),
        (1, 1, "rgb24"),
    ]
    for width, height, pixel_format in sizes:
        for _ in range(3):
            drawn = step(make_frame(width, height, pixel_format))
        assert (drawn.width, drawn.height) == (width, height)
        stats = processor.snapshot()
        assert stats.frame is not None
        shown = stats.frame.detections
        assert (shown.width_px, shown.height_px, stats.errors) == (width, height, 0)


def test_faces_are_forgotten_when_the_size_doubles(
    step: Step, make_frame: MakeFrame, processor: LiveProcessor
) -> None:
    # both sizes are the same to the optical flow, but boxes are in px of the full frame
    step(make_frame(320, 240))
    assert step(make_frame(320, 240)) is not None
    assert counts(processor) == {Verdict.WITH_MASK: 1}
    frame = make_frame(640, 480)
    assert processor.recv(frame) is frame
    assert not counts(processor)


def test_mirror_swaps_left_and_right_of_frame_and_boxes(
    step: Step,
    make_frame: MakeFrame,
    processor: LiveProcessor,
    network: FakeNetwork,
    finder: FakeFinder,
) -> None:
    network.p_with_mask = 0.01
    finder.boxes = [FaceBox(20, 60, 80, 100, 5.0)]
    processor.set_mirrored(True)
    for _ in range(2):
        frame = make_frame(320, 240, "yuv420p")
        drawn = step(frame)
    plain, shown = (f.to_ndarray(format="rgb24").astype(int) for f in (frame, drawn))
    assert np.abs(plain[200:, ::-1] - shown[200:]).max() <= 6
    # the finder gets the mirrored frame, so the box is drawn where it was found
    assert np.flatnonzero(vermilion(drawn)[110])[0] == pytest.approx(20, abs=3)


def test_labels_of_another_language_are_drawn_from_the_next_frame_on(
    step: Step, make_frame: MakeFrame, processor: LiveProcessor
) -> None:
    frames = [step(make_frame(320, 240)) for _ in range(3)]
    processor.set_labels(dict.fromkeys(Verdict, "Con mascarilla"))
    other = step(make_frame(320, 240))
    english, spanish = (f.to_ndarray(format="rgb24") for f in (frames[-1], other))
    assert not np.array_equal(english, spanish)
    annotated = processor.annotated_frame()
    assert annotated is not None and np.abs(annotated.astype(int) - spanish).mean() < 3


def test_broken_frame_is_returned_unchanged(processor: LiveProcessor) -> None:
    class Frame:
        width = height = 16

        @property
        def format(self) -> object:
            raise RuntimeError("decoder broke")

    frame = Frame()
    assert processor.recv(frame) is frame  # type: ignore[arg-type, comparison-overlap]
    assert processor.snapshot().errors == 1


def test_annotated_frame_equals_the_returned_one(step: Step, processor: LiveProcessor) -> None:
    assert processor.annotated_frame() is None
    step()
    shown = step()
    annotated = processor.annotated_frame()
    assert annotated is not None
    np.testing.assert_array_equal(annotated, shown.to_ndarray(format="rgb24"))
