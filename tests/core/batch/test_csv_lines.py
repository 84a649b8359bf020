"""Text by strangers in CSV stays one cell, of its own column, and no formula."""

import csv
import io

import pytest

from maskdet_core.batch.csv_lines import csv_line, text_cell

INVISIBLE = [
    "\u00ad",  # soft hyphen
    "\u034f",  # combining grapheme joiner
    "\u061c",  # Arabic letter mark
    "\u115f",  # Hangul choseong filler
    "\u1160",  # Hangul jungseong filler
    "\u17b4",  # Khmer inherent vowel
    "\u180e",  # Mongolian vowel separator
    "\u200b",  # zero width space
    "\u202e",  # right-to-left override
    "\u2060",  # word joiner
    "\u2066",  # left-to-right isolate
    "\u206a",  # inhibit symmetric swapping
    "\u2800",  # Braille pattern blank
    "\u3000",  # ideographic space
    "\u3164",  # Hangul filler
    "\ufe00",  # variation selector 1
    "\ufe0f",  # variation selector 16
    "\ufeff",  # byte order mark
    "\uffa0",  # half-width Hangul filler
    "\ufff9",  # interlinear annotation anchor
    "\U0001d173",  # musical symbol begin beam
    "\U000e0001",  # language tag
    "\U000e0100",  # variation selector 17
    "\ue000",  # private use
]


def read(line: str) -> list[str]:
    (row,) = csv.reader(io.StringIO(line, newline=""), strict=True)
    return row


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1+1", "'  =1+1"),
        ("\u00a0\u200b=1", "'\u00a0\u200b=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\x00=1", "' =1"),
        *((invisible + "=1", f"'{invisible}=1") for invisible in INVISIBLE),
        *((invisible + "\uff0b1", f"'{invisible}\uff0b1") for invisible in INVISIBLE),
        ("".join(INVISIBLE) + "@x", "'" + "".join(INVISIBLE) + "@x"),
        ("\ufe661", "'\ufe661"),
        ("\ufe621", "'\ufe621"),
        ("\u22121", "'\u22121"),
        ("\u00ada.jpg", "\u00ada.jpg"),
        ("e\u0301=1", "e\u0301=1"),
        ("\tx.jpg", "' x.jpg"),
        ("\rx.jpg", "' x.jpg"),
        ("\n=1", "' =1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("a\nb\r\nc\u2028d\x1b[31m.jpg", "a b  c d [31m.jpg"),
        ('a";=1+1;".jpg', 'a";=1+1;".jpg'),
        ("a,=1+1.jpg", "a,=1+1.jpg"),
        ("<script>alert(1)</script>.jpg", "<script>alert(1)</script>.jpg"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("x" * 200 + ".jpg", "x" * 200 + ".jpg"),
        ("Größe 猫.jpg", "Größe 猫.jpg"),
        ("", ""),
    ],
)
def test_names_by_strangers_stay_one_harmless_cell(name: str, cell: str) -> None:
    assert read(csv_line([text_cell(name), 1])) == [cell, "1"]


def test_no_separator_in_a_name_begins_a_column() -> None:
    # where a comma is the decimal sign, spreadsheets split at semicolons
    line = csv_line([text_cell("a;=1+1.jpg"), 1])
    assert next(csv.reader([line], delimiter=";"))[0].startswith("a;=1+1.jpg")
