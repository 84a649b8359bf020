"""The report that command line and page share: columns, order, and names by strangers."""

import csv
import io
import json
from collections.abc import Iterator

import pytest

from maskdet_core import Detections, Face, FaceBox, Verdict
from maskdet_core.batch.photos.report import (
    COLUMNS,
    PhotoReport,
    csv_bytes,
    csv_text,
    json_text,
    safe_name,
    to_json,
)

MASKED = Face.of_two_classes(FaceBox(10, 20, 30, 40), 0.98765432, Verdict.WITH_MASK)
BARE = Face.of_two_classes(FaceBox(50, 20, 31, 41), 0.02, Verdict.WITHOUT_MASK)
SLIPPED = Face(FaceBox(1, 2, 3, 4), 0.1, 0.7654321, 0.1345679, Verdict.WORN_WRONG)
FAILED = Face.of_two_classes(FaceBox(0, 0, 5, 6), float("nan"), Verdict.NOT_SURE)
NONE = Detections(200, 100)
MANY = Detections(200, 100, (MASKED, BARE, FAILED), (FaceBox(90, 1, 2, 3), FaceBox(95, 1, 2, 3)))
REPORTS = [
    PhotoReport("a.jpg", MANY, annotated="001-a.jpg"),
    PhotoReport("b.jpg", NONE),
    PhotoReport("c.jpg", None, "expected a picture, got an empty file"),
]


def rows(reports: list[PhotoReport]) -> list[dict[str, str]]:
    text = "".join(csv_text(reports))
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_columns_and_their_order() -> None:
    assert ",".join(COLUMNS) == (
        "photo,width_px,height_px,status,face,x_px,y_px,w_px,h_px,verdict,p_with_mask,n_unjudged,"
        "annotated,error,p_worn_wrong,p_without_mask,percent"
    )
    assert next(csv_text([])) == ",".join(f'"{name}"' for name in COLUMNS) + "\r\n"


def test_a_row_a_face_and_one_for_a_photo_without() -> None:
    size = ["200", "100"]
    assert [list(row.values()) for row in rows(REPORTS)] == [
        [
            *["a.jpg", *size, "faces", "1", "10", "20", "30", "40"],
            *["with_mask", "0.987654", "2", "001-a.jpg", "", "0.0", "0.012346", "98"],
        ],
        [
            *["a.jpg", *size, "faces", "2", "50", "20", "31", "41"],
            *["without_mask", "0.02", "2", "001-a.jpg", "", "0.0", "0.98", "98"],
        ],
        [
            *["a.jpg", *size, "faces", "3", "0", "0", "5", "6"],
            *["not_sure", "", "2", "001-a.jpg", "", "", "", ""],
        ],
        ["b.jpg", *size, "no_face", *[""] * 7, "0", "", "", "", "", ""],
        [
            *["c.jpg", "", "", "error", *[""] * 8, "", "expected a picture, got an empty file"],
            *["", "", ""],
        ],
    ]


def test_row_of_a_mask_worn_wrong() -> None:
    report = PhotoReport("a.jpg", Detections(200, 100, (SLIPPED,)))
    (row,) = rows([report])
    names = ("verdict", "p_with_mask", "p_worn_wrong", "p_without_mask")
    assert [row[name] for name in names] == ["worn_wrong", "0.1", "0.765432", "0.134568"]
    (face,) = to_json(report)["faces"]
    assert [face[name] for name in names] == ["worn_wrong", 0.1, 0.765432, 0.134568]


def test_lines_end_as_the_rfc_has_it_and_come_one_by_one() -> None:
    pieces = list(csv_text(REPORTS))
    assert len(pieces) == 6
    assert all(piece.endswith("\r\n") and piece.count("\n") == 1 for piece in pieces)


def test_reports_are_taken_one_at_a_time() -> None:
    taken = []

    def reports() -> Iterator[PhotoReport]:
        for report in REPORTS:
            taken.append(report.photo)
            yield report

    for pieces in (csv_text(reports()), json_text(reports())):
        taken.clear()
        next(pieces)
        next(pieces)
        assert taken == ["a.jpg"]


def test_a_csv_file_begins_with_a_mark_for_spreadsheets() -> None:
    data = csv_bytes(REPORTS)
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == "".join(csv_text(REPORTS))


def test_texts_of_strangers_are_harmless_cells() -> None:
    (row,) = rows([PhotoReport("=1\n", NONE)])
    assert row["photo"] == "'=1 "
    (row,) = rows([PhotoReport("a", None, '=HYPERLINK("x")\n')])
    assert row["error"] == '\'=HYPERLINK("x") '
    (row,) = rows([PhotoReport("a", NONE, annotated="=1")])
    assert row["annotated"] == "'=1"


def test_names_that_are_no_unicode_do_not_stop_the_writing() -> None:
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    report = PhotoReport(name, NONE)
    assert "caf\ufffd.jpg" in csv_bytes([report]).decode("utf-8")
    (row,) = json.loads("".join(json_text([report])).encode("utf-8"))
    assert row["path"] == "caf\ufffd.jpg"
    assert safe_name(name, 1) == "001-caf.jpg"


def test_json_row() -> None:
    row = to_json(REPORTS[0])
    assert list(row) == ["path", "width", "height", "faces", "n_unjudged", "annotated", "error"]
    assert (row["path"], row["width"], row["height"]) == ("a.jpg", 200, 100)
    assert row["faces"][0] == {
        "box_xywh": [10, 20, 30, 40],
        "verdict": "with_mask",
        "p_with_mask": 0.987654,
        "p_worn_wrong": 0.0,
        "p_without_mask": 0.012346,
    }
    for name in ("p_with_mask", "p_worn_wrong", "p_without_mask"):
        assert row["faces"][2][name] is None
    assert (row["n_unjudged"], row["annotated"], row["error"]) == (2, "001-a.jpg", None)
    failed = to_json(REPORTS[2])
    assert (failed["width"], failed["faces"], failed["n_unjudged"]) == (None, [], 0)
    assert failed["error"] == "expected a picture, got an empty file"


@pytest.mark.parametrize("n", [0, 1, 3])
def test_json_is_an_array_with_a_line_an_object(n: int) -> None:
    text = "".join(json_text(REPORTS[:n]))
    assert json.loads(text) == [to_json(report) for report in REPORTS[:n]]
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ("[", "]")
    for line, report in zip([line for line in lines[1:-1] if line], REPORTS, strict=False):
        assert json.loads(line.rstrip(",")) == to_json(report)


def test_name_of_a_copy_is_a_number_and_what_is_harmless_of_the_photos() -> None:
    assert safe_name("../some/../Größe (1).PNG", 7) == "007-Groe-1.jpg"
    assert safe_name("猫.jpg", 7) == "007-photo.jpg"
    assert safe_name("a.jpg", 12345) == "12345-a.jpg"
    with pytest.raises(ValueError, match="1 or more, got 0"):
        safe_name("a.jpg", 0)


@pytest.mark.parametrize(("found", "error"), [(None, None), (NONE, "and an error")])
def test_a_report_has_one_outcome(found: Detections | None, error: str | None) -> None:
    with pytest.raises(ValueError, match="either detections or an error"):
        PhotoReport("a", found, error)
