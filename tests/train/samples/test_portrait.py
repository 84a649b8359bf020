"""The photo page's sample pictures, made again and as committed."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import MaskDetector, Verdict
from maskdet_core.pictures.decode import decode_image
from testbed.processes.interpreter import run_python
from testbed.repository import REPO_ROOT
from train.__main__ import main
from train.samples import hand as drawn_hand
from train.samples import portrait as samples

COMMITTED = REPO_ROOT / "maskdet_app" / "photo" / "samples"
NAMES = ("bare", "hand", "masked")
SIZE = (690, 552, 3)
MAX_BYTES = 120_000
# JPEG spreads a change over its block and the chroma's neighbours; less than this is its own.
CHANGED = 14
# Ellipse about the lips, px of the doubled portrait.
LIPS = ((449, 288), (45, 17))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "new"
    assert main(["samples", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module", params=["photo", "live"])
def detector(request: pytest.FixtureRequest, shipped_manifest: Path) -> MaskDetector:
    return MaskDetector.load(preset=request.param)


def read(folder: Path, name: str) -> NDArray[np.int16]:
    return decode_image((folder / f"{name}.jpg").read_bytes()).astype(np.int16)


def segments(jpeg: bytes) -> set[int]:
    """Markers before the picture's data."""
    assert jpeg[:2] == b"\xff\xd8"
    found, at = set(), 2
    while jpeg[at + 1] != 0xDA:
        assert jpeg[at] == 0xFF
        found.add(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return found


def changed(folder: Path, name: str) -> NDArray[np.bool_]:
    return np.asarray(np.abs(read(folder, name) - read(folder, "bare")).max(axis=2) > CHANGED)


def in_sample(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(mask[samples.CUT] > 0)


def test_importing_loads_no_training_library_and_no_portrait() -> None:
    code = (
        "import train.samples.portrait, sys;"
        "print([m for m in ('tensorflow', 'keras', 'skimage') if m in sys.modules])"
    )
    assert run_python(code) == "[]"


def test_the_command_writes_three_pictures(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == [f"{name}.jpg" for name in NAMES]
    for name in NAMES:
        assert read(made, name).shape == SIZE


def test_without_scikit_image_one_plain_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    assert main(["samples", "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith("error: expected scikit-image")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_small_and_has_no_metadata(made: Path, name: str) -> None:
    for folder in (made, COMMITTED):
        jpeg = (folder / f"{name}.jpg").read_bytes()
        assert len(jpeg) <= MAX_BYTES
        # APP1 to APP15 and comments; APP0 is JFIF's own
        assert segments(jpeg) & {*range(0xE1, 0xF0), 0xFE} == set()


def test_made_twice_they_are_the_same(made: Path, tmp_path: Path) -> None:
    for path in samples.write_samples(tmp_path):
        assert path.read_bytes() == (made / path.name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_samples_are_what_the_command_makes(made: Path, name: str) -> None:
    # JPEG and resizing differ a little from one OpenCV to the next
    difference = np.abs(read(COMMITTED, name) - read(made, name))
    assert difference.mean() < 1
    assert np.percentile(difference, 99.9) < 12


def test_the_bare_sample_is_the_portrait() -> None:
    portrait = samples.doubled(samples.portrait())[samples.CUT].astype(np.int16)
    assert np.abs(read(COMMITTED, "bare") - portrait).mean() < 3


def test_only_the_mask_and_its_shadow_are_drawn() -> None:
    around = np.zeros((1024, 1024), np.uint8)
    for line in (samples.MASK_OUTLINE, *samples.MASK_LOOPS):
        cv2.polylines(around, [line], True, 255, 40)
    cv2.fillPoly(around, [samples.MASK_OUTLINE], 255)
    inside = np.zeros((1024, 1024), np.uint8)
    cv2.fillPoly(inside, [samples.MASK_OUTLINE], 255)
    difference = changed(COMMITTED, "masked")
    assert not (difference & ~in_sample(around)).any()
    assert difference[in_sample(inside)].mean() > 0.9


def test_only_lower_face_and_arm_are_drawn_on() -> None:
    difference = changed(COMMITTED, "hand")
    rows, columns = np.nonzero(difference)
    # below the eyes, right of the farther cheek
    assert rows.min() > 215
    assert columns.min() > 360 - samples.CUT[1].start
    assert not difference[420:, : 540 - samples.CUT[1].start].any()
    # the sleeve before the wall
    assert difference[430:450, 470:510].all()


def test_the_hand_covers_the_whole_mouth() -> None:
    portrait = samples.doubled(samples.portrait())
    lips = np.zeros((1024, 1024), np.uint8)
    cv2.ellipse(lips, *LIPS, 0, 0, 360, 255, -1)
    # what shines through the hand would follow a change of the portrait beneath
    painted = portrait.copy()
    painted[lips > 0] = (0, 255, 0)
    difference = drawn_hand.draw_hand(portrait).astype(int) - drawn_hand.draw_hand(painted)
    assert np.abs(difference).max() <= 2


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("bare", Verdict.WITHOUT_MASK),
        ("masked", Verdict.WITH_MASK),
        ("hand", Verdict.WITHOUT_MASK),
    ],
)
def test_the_shipped_network_sees_one_face_and_is_right(
    detector: MaskDetector, name: str, verdict: Verdict
) -> None:
    found = detector.detect(decode_image((COMMITTED / f"{name}.jpg").read_bytes()))
    assert [face.verdict for face in found.faces] == [verdict]
