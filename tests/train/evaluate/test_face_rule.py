from maskdet_core.masks.face_rule import FaceRule
from train.evaluate.face_rule import SLACK, Candidate, choose_rule, n_shown


def test_separating_weight_is_chosen_and_all_faces_are_kept() -> None:
    # the finder separates better here: only a large weight keeps none of the others
    faces = [Candidate(5.0, 0.9, True), Candidate(9.0, 0.6, True)]
    rest = [Candidate(1.0, 0.9999999, False), Candidate(0.5, 0.99999, False)]
    rule = choose_rule([*faces, *rest])
    assert rule is not None
    assert n_shown([*faces, *rest], rule) == 0
    assert not any(rule.drops(c.score, c.p_face) for c in faces)
    weakest = min(rule.value(c.score, c.p_face) for c in faces)
    assert rule.min_log_odds < weakest
    assert abs(rule.min_log_odds - SLACK * weakest) < 0.01


def test_threshold_below_zero_still_keeps_all_faces() -> None:
    faces = [Candidate(-2.0, 0.3, True), Candidate(4.0, 0.9, True)]
    rule = choose_rule([*faces, Candidate(-9.0, 0.01, False)])
    assert rule is not None
    assert not any(rule.drops(c.score, c.p_face) for c in faces)


def test_without_faces_there_is_no_rule() -> None:
    assert choose_rule([Candidate(1.0, 0.5, False)]) is None


def test_shown_are_counted_by_the_rule() -> None:
    found = [Candidate(3.0, 0.5, False), Candidate(-3.0, 0.5, False), Candidate(3.0, 0.5, True)]
    assert n_shown(found, FaceRule(1.0, 0.0)) == 1
