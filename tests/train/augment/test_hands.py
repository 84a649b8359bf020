from pathlib import Path

import cv2
import numpy as np
import pytest

from train.augment.hands import HandPaster, cut_out, read_students, split_hands
from train.errors import DataError


def test_students_are_told_apart_by_their_digits(hands: Path) -> None:
    assert [len(student) for student in read_students(hands)] == [10, 9, 10, 10, 10, 3]


def test_no_student_is_on_both_sides(hands: Path) -> None:
    train, test = split_hands(hands)
    assert len(train) == 39 and len(test) == 13
    assert not set(train) & set(test)
    students = read_students(hands)
    assert set(test) == {*students[0], *students[5]}


def test_no_hands_are_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="hands"):
        read_students(tmp_path)
    with pytest.raises(DataError, match="hands"):
        HandPaster([])


def test_hand_is_cut_from_its_ground(hands: Path) -> None:
    rgb = np.asarray(cv2.imread(str(next(hands.iterdir())))[:, :, ::-1], np.uint8)
    _, alpha = cut_out(rgb)
    assert alpha[55, 50] == pytest.approx(1.0)
    assert alpha[5, 5] == alpha[95, 95] == 0.0
    assert alpha.mean() == pytest.approx(np.pi * 22 * 34 / 100**2, abs=0.03)


def test_hand_covers_the_mouth_and_leaves_the_eyes(hands: Path) -> None:
    paster = HandPaster(split_hands(hands)[0])
    face = np.full((128, 128, 3), (120, 90, 70), np.uint8)
    before = face.copy()
    changed = np.mean(
        [
            (paster.paste(face, np.random.default_rng(i), over_mouth=True) != face).any(axis=2)
            for i in range(40)
        ],
        axis=0,
    )
    assert np.array_equal(face, before)
    assert changed[85:105, 50:78].mean() > 0.7
    assert changed[:20].mean() < 0.1


def test_hand_takes_the_face_s_skin_tone(hands: Path) -> None:
    paster = HandPaster(split_hands(hands)[0])
    face = np.full((128, 128, 3), (70, 45, 35), np.uint8)
    pasted = paster.paste(face, np.random.default_rng(1), over_mouth=True)
    hand = pasted[(pasted != face).any(axis=2)].astype(float)
    assert abs(np.median(hand, axis=0) - (70, 45, 35)).max() < 25
