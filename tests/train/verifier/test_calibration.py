import numpy as np
import pytest

from train.errors import DataError
from train.verifier.calibration import fit_log_odds


def test_scale_and_shift_of_known_log_odds_are_found() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, 20_000)
    is_face = rng.random(20_000) < 1 / (1 + np.exp(-(0.7 * logits - 1.0)))
    assert fit_log_odds(logits, is_face) == pytest.approx((0.7, -1.0), abs=0.06)


def test_classes_that_part_perfectly_have_finite_values() -> None:
    scale, shift = fit_log_odds(np.array([-5.0, -4.0, 4.0, 5.0]), np.array([0, 0, 1, 1], bool))
    assert 0.5 < scale < 10
    assert abs(shift) < 1


def test_sure_logits_do_not_lead_astray() -> None:
    rng = np.random.default_rng(1)
    logits = np.concatenate([rng.normal(14, 5, 300), rng.normal(-2, 2, 900)])
    scale, shift = fit_log_odds(logits, np.arange(1200) < 300)
    assert 0.3 < scale < 3
    assert 0 < -shift / scale < 10, "the odds are even between the classes"


@pytest.mark.parametrize("value", [True, False])
def test_one_class_alone_is_refused(value: bool) -> None:
    with pytest.raises(DataError, match="with and without a face"):
        fit_log_odds(np.zeros(3), np.full(3, value))
