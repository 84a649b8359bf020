"""Text by strangers: valid, in one line, and what is harmless of a file's name."""

import re

import pytest

from maskdet_core.untrusted_text import MAX_STEM_CHARS, one_line, safe_stem, valid_text


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("holiday.jpg", "holiday"),
        ("some/where/holiday.final.PNG", "holiday-final"),
        ("C:\\Users\\me\\holiday.jpg", "holiday"),
        ("../../etc/passwd", "passwd"),
        ("..", ""),
        ("", ""),
        (".jpg", ""),
        ("folder/", ""),
        ("猫.jpg", ""),
        ("-_-.jpg", ""),
        (".hidden.jpg", "hidden"),
        ("a b  (1)!.jpg", "a-b-1"),
        ("Grüße_é.jpg", "Grue_e"),
        ("x\x00\n<b>\"';$(rm).jpg", "x-b-rm"),
        ("x" * 200, "x" * 40),
        ("x" * 39 + "  y.jpg", "x" * 39),
    ],
)
def test_what_names_keep_of_a_file_is_harmless(path: str, stem: str) -> None:
    assert safe_stem(path) == stem
    assert re.fullmatch(rf"[A-Za-z0-9_-]{{0,{MAX_STEM_CHARS}}}", stem)


def test_one_line_keeps_what_is_printable() -> None:
    assert one_line("Größe \x1b[2J\x07.jpg") == "Größe  [2J .jpg"
    assert one_line("a\nb\r\nc\u2028d\u2029e") == "a b  c d e"


def test_names_in_another_encoding_become_valid() -> None:
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    assert valid_text(name) == one_line(name) == "caf\ufffd.jpg"
