import math

import pytest

from maskdet_app.photo.detail import face_probabilities, probability_text
from maskdet_app.ui.i18n import t
from maskdet_core import Face, FaceBox, Verdict


@pytest.mark.parametrize(
    ("probability", "key"),
    [
        (0.0, "photo.p_below"),
        (0.0099, "photo.p_below"),
        (0.9901, "photo.p_above"),
        (1.0, "photo.p_above"),
        (math.nan, "photo.p_none"),
    ],
)
def test_probability_is_never_rounded_to_0_or_100_percent(probability: float, key: str) -> None:
    assert probability_text(probability) == t(key)


@pytest.mark.parametrize(("probability", "percent"), [(0.01, "1"), (0.5, "50"), (0.99, "99")])
def test_probability_is_shown_in_whole_percent(probability: float, percent: str) -> None:
    assert probability_text(probability) == t("photo.p_value", value=percent)


def test_face_has_a_probability_for_each_class_that_can_be_its_verdict() -> None:
    face = Face(FaceBox(1, 1, 9, 9), 0.2, 0.7, 0.1, Verdict.WORN_WRONG)
    assert face_probabilities(face, tuple(Verdict)) == {
        Verdict.WITH_MASK: 0.2,
        Verdict.WORN_WRONG: 0.7,
        Verdict.WITHOUT_MASK: 0.1,
    }
    two = [verdict for verdict in Verdict if verdict is not Verdict.WORN_WRONG]
    assert face_probabilities(face, two) == {
        Verdict.WITH_MASK: 0.2,
        Verdict.WITHOUT_MASK: pytest.approx(0.8),
    }
