"""Whether a mask worn wrong counts as no mask: the operator's default and the query parameter."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from maskdet_app.ui.detection import two_classes
from maskdet_core import Face, FaceBox, Verdict
from testbed.pictures.drawn_masks import MANIFEST

TWO = replace(MANIFEST, classes=("with_mask", "without_mask"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((None, False), ("1", True), ("0", False)),
        *((True, True), (False, False), (1, True), (0, False)),
    ],
)
def test_setting(value: object, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_classes, "setting", lambda _: value)
    assert two_classes.operator_default() is expected


@pytest.mark.parametrize("value", ["yes", "2", "-1", "1.0", "on", 7, 0.5, ["1"]])
def test_invalid_setting_is_logged_and_counts_as_off(
    value: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(two_classes, "setting", lambda _: value)
    with pytest.raises(ValueError, match="expected 0 or 1"):
        two_classes.operator_default()
    assert two_classes.default() is False
    assert f"{two_classes.SETTING}: expected 0 or 1, got {value!r}" in caplog.text


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize(
    ("code", "expected"), [("1", True), ("0", False), ("true", None), ("", None), (None, None)]
)
def test_query_parameter_comes_before_the_detector(
    code: str | None, expected: bool | None, default: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector: Any = SimpleNamespace(two_classes=default)
    monkeypatch.setattr(st, "query_params", {} if code is None else {"two": code})
    assert two_classes.from_url(detector) is (default if expected is None else expected)


def test_verdicts_depend_on_network_and_choice() -> None:
    without = tuple(verdict for verdict in Verdict if verdict is not Verdict.WORN_WRONG)
    assert two_classes.verdicts(MANIFEST) == tuple(Verdict)
    assert two_classes.verdicts(MANIFEST, two_classes=True) == without
    assert two_classes.verdicts(TWO) == without


def test_face_has_a_probability_for_each_class_that_can_be_its_verdict() -> None:
    face = Face(FaceBox(1, 1, 9, 9), 0.2, 0.7, 0.1, Verdict.WORN_WRONG)
    assert two_classes.probabilities(face, tuple(Verdict)) == {
        Verdict.WITH_MASK: 0.2,
        Verdict.WORN_WRONG: 0.7,
        Verdict.WITHOUT_MASK: 0.1,
    }
    two = [verdict for verdict in Verdict if verdict is not Verdict.WORN_WRONG]
    assert two_classes.probabilities(face, two) == {
        Verdict.WITH_MASK: 0.2,
        Verdict.WITHOUT_MASK: pytest.approx(0.8),
    }
