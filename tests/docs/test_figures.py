"""Figures in README and on the accuracy page are those of the model card."""

import re

import pytest

from tests.docs.markdown import REPO_ROOT

Row = tuple[str, ...]


def rows(path: str) -> list[Row]:
    """The cells of every table row, intervals written as in README: ``99.2 % (98.7–99.5)``."""
    text = (REPO_ROOT / path).read_text(encoding="utf-8")
    text = re.sub(r"\(([\d.]+) % to ([\d.]+) %\)", r"(\1–\2)", text)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


CARD = rows("models/MODEL_CARD.md")
ACCURACY = rows("docs/accuracy.md")
README = rows("README.md")


def card_row(*start: str) -> Row:
    (found,) = [row for row in CARD if row[: len(start)] == start]
    return found


FACE_TESTS = {
    "Leak-free, all sets": "leak-free test, all three sets",
    "face-mask-12k, given Test": "12k, given `Test`",
    "face-mask-12k and covid-face-mask, given Test": "12k and covid, given `Test` together",
    "street-853, given Test, 32 px and more": "street-853, given `test`, faces of 32 px and more",
    "With hands, all sets": "leak-free faces with a hand before or beside the mouth",
}
FINDERS = {
    "maskdet photo": "Maskdet, photo check",
    "maskdet live": "Maskdet, live",
    "frontalface_alt": "OpenCV `frontalface_alt`",
}


@pytest.mark.parametrize("test", FACE_TESTS)
def test_accuracy_page_has_the_card_s_shares_of_faces(test: str) -> None:
    _, n, right, *_ = card_row(test)
    (row,) = [row for row in ACCURACY if row[0] == FACE_TESTS[test]]
    assert row[1:3] == (n, right)


@pytest.mark.parametrize("finder", FINDERS)
def test_accuracy_page_has_the_card_s_shares_of_people(finder: str) -> None:
    _, _, masked, bare, false_faces, time = card_row("held-back photos", finder)
    (row,) = [row for row in ACCURACY if row[0] == FINDERS[finder]]
    assert row[1].endswith(masked)
    assert row[2].endswith(bare)
    assert (row[3], float(row[4])) == (false_faces, float(time))


def test_readme_has_the_card_s_figures() -> None:
    in_readme = {row[-1] for row in README}
    held_out = "street-853, given Test, source kept out of training, 32 px and more"
    photo = card_row("held-back photos", "maskdet photo")
    wanted = {
        card_row("Leak-free, all sets")[2],
        card_row("With hands, all sets")[2],
        card_row(held_out)[2],
        card_row(held_out)[4],
        *photo[2:4],
        card_row("held-back photos", "frontalface_alt")[2],
    }
    assert wanted - in_readme == set()
