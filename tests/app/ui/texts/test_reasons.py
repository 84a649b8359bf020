"""Every reason has words in every language, with the values that go with it."""

import string

import pytest

from maskdet_app.ui.texts.i18n import catalogue, languages
from maskdet_app.ui.texts.reasons import reason_text
from maskdet_core.reasons import VALUES, Problem, Reason


@pytest.mark.parametrize("code", list(languages()))
def test_words_for_every_reason_use_its_values(code: str) -> None:
    texts = catalogue(code)["reason"]
    assert set(texts) == {problem.value for problem in Problem}
    for problem in Problem:
        text = texts[problem]
        text = text["other"] if isinstance(text, dict) else text
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        assert named <= VALUES.get(problem, frozenset())
        assert text.endswith(".")


def test_numbers_are_shown_whole_and_what_is_above_a_limit_stays_above() -> None:
    large = Reason(Problem.TOO_LARGE, "", {"got_mb": 20.000001, "most_mb": 20.0})
    assert reason_text(large) == "It has 21 MB; the limit is 20 MB."
    early = Reason(Problem.ENDS_EARLY, "", {"read_s": 65.2, "declared_s": 130.0})
    assert "1:05 of 2:10 min" in reason_text(early)
    assert reason_text(Reason(Problem.PARTS_LOST, "", {"n": 1})).startswith("One ")
    assert "3 damaged parts" in reason_text(Reason(Problem.PARTS_LOST, "", {"n": 3}))
