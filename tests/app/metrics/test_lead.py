"""The sentences that begin the metrics page."""

from typing import Any

import pytest

from maskdet_app.metrics import lead
from maskdet_app.ui.texts import i18n


def face_set(slug: str, n: int, not_sure: int, wrong: int, no_face: int = 0) -> dict[str, Any]:
    counts = {"n": n, "n_not_sure": not_sure, "n_wrong_sure": wrong, "n_no_face": no_face}
    return {"slug": slug, "name": slug, **counts}


def photos(preset: str, people: int, found: int) -> dict[str, Any]:
    return {"preset": preset, "name": f"{people} people", "n_people": people, "n_found": found}


EVALUATION = {
    "sets": [
        face_set("other", 9, 9, 0),
        face_set("street", 50, 5, 5),
        face_set("leak-free", 200, 2, 3, 1),
    ],
    "whole_photos": [photos("photo", 10, 10), photos("photo", 100, 96), photos("live", 100, 1)],
}


def test_sentences_and_their_evidence_are_those_of_the_record() -> None:
    right, not_sure, found = lead.sentences(EVALUATION)
    assert right[0] == "97 of 100 faces get the right verdict."
    # Wilson's interval of 194 of 200, by R's binom.confint
    assert right[1][0].replace("\u00a0", " ") == "97.0 %, 95 % interval 93.6 to 98.6 %"
    assert right[1][1] == "194 of 200 faces: Pictures never seen"
    assert right[1][2].startswith("Street photos: 80.0")
    assert not_sure[0].startswith("For 1 of 100 faces it says")
    assert found[0] == "In whole photos it finds 96 people of 100."
    assert found[1][1] == "96 of 100 people: 100 people"
    assert found[1][2].startswith("Live, where it must be quick: 1.0")


@pytest.mark.parametrize(
    ("n_hits", "n", "shown"),
    [
        *((0, 10, "0"), (10, 10, "100"), (1, 1000, "0.1"), (999, 1000, "99.9")),
        *((1, 99999, "0.1"), (99999, 100000, "99.9"), (1, 100, "1"), (2, 3, "67")),
    ],
)
def test_none_and_all_are_claimed_only_where_it_is_so(n_hits: int, n: int, shown: str) -> None:
    assert lead.Counted(n_hits, n, "").of_100 == shown


@pytest.mark.parametrize("code", list(i18n.languages()))
def test_one_is_singular(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "current_language", lambda: code)

    def begins(n_right: int) -> str:
        one = face_set("leak-free", 100, 0, 100 - n_right)
        return next(lead.sentences({"sets": [one]}))[0]

    verbs = {"en": ("gets", "get"), "es": ("recibe", "reciben")}[code]
    assert f" {verbs[0]} " in begins(1) and f" {verbs[1]} " in begins(2)


@pytest.mark.parametrize(
    "evaluation",
    [
        *({}, {"sets": [{}]}, {"sets": [face_set("a", 0, 0, 0)]}),
        {"sets": [face_set("a", 5, 9, 9)]},
        {"whole_photos": [photos("photo", 3, 9), photos("photo", 0, 0), {"preset": "photo"}]},
    ],
)
def test_unusable_records_say_nothing(evaluation: dict[str, Any]) -> None:
    assert list(lead.sentences(evaluation)) == []
