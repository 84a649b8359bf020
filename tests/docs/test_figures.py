"""Figures in README and on the accuracy page are those of the model cards."""

import re

import pytest

from testbed.repository import REPO_ROOT

Row = tuple[str, ...]


def rows(path: str) -> list[Row]:
    """The cells of every table row, intervals written as in README: ``99.2 % (98.7–99.5)``."""
    text = (REPO_ROOT / path).read_text(encoding="utf-8")
    text = re.sub(r"\(([\d.]+) % to ([\d.]+) %\)", r"(\1–\2)", text)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


CARD = rows("models/MODEL_CARD.md")
WHOLE_CARD = rows("models/whole/MODEL_CARD.md")
ACCURACY = rows("docs/accuracy.md")
README = rows("README.md")


def card_row(*start: str, card: list[Row] = CARD) -> Row:
    # the first table with such a row: labels, before verdicts
    return next(row for row in card if row[: len(start)] == start)


FACE_TESTS = {
    "Leak-free, all sets": "leak-free test, all three sets",
    "face-mask-12k, given Test": "12k, given `Test`",
    "face-mask-12k and covid-face-mask, given Test": "12k and covid, given `Test` together",
    "street-853, given Test, 32 px and more": "street-853, given `test`, faces of 32 px and more",
    "With hands, all sets": "leak-free faces with a hand before or beside the mouth",
}
THREE_CLASS_TESTS = {
    "Street photographs, 24 px and more": "street photographs, faces of 24 px and more",
    "Faces in the wild": "faces in the wild",
    "With objects, all sets": "leak-free faces with a drawn thing before or beside it",
}
CARDS = {"default": CARD, "whole": WHOLE_CARD}
FINDERS = {
    "maskdet photo": "Maskdet, photo check",
    "maskdet live": "Maskdet, live",
    "frontalface_alt": "OpenCV `frontalface_alt`",
}


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("test", FACE_TESTS)
def test_accuracy_page_has_the_cards_shares_of_faces(test: str, card: str) -> None:
    _, n, right, *_ = card_row(test, card=CARDS[card])
    of_default, of_whole = [row for row in ACCURACY if row[0] == FACE_TESTS[test]]
    assert (of_default if card == "default" else of_whole)[1:3] == (n, right)


@pytest.mark.parametrize("test", THREE_CLASS_TESTS)
def test_accuracy_page_has_the_card_s_shares_of_three_classes(test: str) -> None:
    _, n, right, masked, bare, wrong, *_ = card_row(test)
    (row,) = [row for row in ACCURACY if row[0] == THREE_CLASS_TESTS[test]]
    assert row[1:5] == (n, right, masked, bare)
    assert row[5] == wrong.strip("–")


@pytest.mark.parametrize("finder", FINDERS)
def test_accuracy_page_has_the_card_s_shares_of_people(finder: str) -> None:
    _, _, masked, bare, false_faces, time = card_row("held-back photos", finder)
    (row,) = [row for row in ACCURACY if row[0] == FINDERS[finder]]
    assert row[1].endswith(masked)
    assert row[2].endswith(bare)
    assert (row[3], float(row[4])) == (false_faces, float(time))


def test_readme_has_the_card_s_figures() -> None:
    in_readme = {row[-1] for row in README}
    street = card_row("Street photographs, 24 px and more")
    photo = card_row("held-back photos", "maskdet photo")
    wanted = {
        card_row("Leak-free, all sets")[2],
        card_row("With hands, all sets")[2],
        *street[2:6],
        card_row("Faces in the wild")[2],
        *photo[2:4],
        card_row("held-back photos", "frontalface_alt")[2],
    }
    assert wanted - in_readme == set()
