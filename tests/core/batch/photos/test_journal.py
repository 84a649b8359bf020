"""The journal: what it holds after a run stopped at any point, and what it refuses."""

import json
import math
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from maskdet_core import Detections, Face, FaceBox, Verdict
from maskdet_core.batch.photos.journal import Entry, Journal
from maskdet_core.batch.photos.report import PhotoReport, to_json
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.command_line import cli
from maskdet_core.errors import JournalError
from tests.core.batch.fakes import Stub

SETTINGS: dict[str, Any] = {"model": "m", "min_confidence": 0.95, "min_face_px": None}
FOUND = Detections(
    200,
    100,
    (
        Face.of_two_classes(FaceBox(10, 20, 30, 40), 0.75, Verdict.NOT_SURE),
        Face.of_two_classes(FaceBox(1, 2, 3, 4), math.nan, Verdict.NOT_SURE),
        Face(FaceBox(5, 6, 7, 8), 0.125, 0.75, 0.125, Verdict.WORN_WRONG),
    ),
    (FaceBox(90, 1, 2, 3),),
)


def entry(photo: str, number: int = 1, changed_ns: int = 5) -> Entry:
    report = PhotoReport(photo, Detections(8, 6), annotated=f"{number:03d}-x.jpg")
    return Entry(report, number, FileStamp(10, changed_ns))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "faces.jsonl"


def written(path: Path, *entries: Entry) -> None:
    with Journal(path, SETTINGS) as journal:
        for one in entries:
            journal.append(one)


def test_first_line_is_format_and_settings_then_a_line_a_photo(path: Path) -> None:
    written(path, entry("a.jpg"), entry("b.jpg", 2))
    head, *rows = map(json.loads, path.read_text().splitlines())
    assert head == {"maskdet_journal": 1, "settings": SETTINGS}
    assert [(row["path"], row["number"]) for row in rows] == [("a.jpg", 1), ("b.jpg", 2)]
    assert {"width", "height", "faces", "n_unjudged", "error"} <= rows[0].keys()


def test_entries_survive_a_round_trip(path: Path) -> None:
    name = b"caf\xe9\n.jpg".decode("utf-8", "surrogateescape")
    failed = Entry(PhotoReport("gone.jpg", None, "no such file"), 4, FileStamp())
    written(path, Entry(PhotoReport(name, FOUND), 3, FileStamp(1, 2)), failed)
    with Journal(path, SETTINGS) as journal:
        back = journal.find(name)
        assert journal.find("gone.jpg") == failed
        assert journal.find("unknown.jpg") is None
        assert (len(journal), journal.last_number) == (2, 4)
    assert back is not None and back.report.detections is not None
    assert (back.report.photo, back.number, back.stamp) == (name, 3, FileStamp(1, 2))
    first, second, third = back.report.detections.faces
    assert (first, third) == (FOUND.faces[0], FOUND.faces[2])
    assert all(math.isnan(p) for p in second.probabilities)
    assert back.report.detections.unjudged == FOUND.unjudged


def test_each_photo_is_on_disk_before_the_next(path: Path) -> None:
    with Journal(path, SETTINGS) as journal:
        for n_photos in range(1, 4):
            journal.append(entry(f"{n_photos}.jpg", n_photos))
            assert len(path.read_bytes().splitlines()) == 1 + n_photos
            assert journal.find("1.jpg") == entry("1.jpg")


def test_the_last_entry_of_a_photo_counts(path: Path) -> None:
    written(path, entry("a.jpg", changed_ns=5), entry("b.jpg", 2), entry("a.jpg", changed_ns=6))
    with Journal(path, SETTINGS) as journal:
        assert journal.find("a.jpg") == entry("a.jpg", changed_ns=6)
        assert len(journal) == 2


def test_a_run_stopped_at_any_byte_can_be_resumed(path: Path) -> None:
    written(path, entry("a.jpg"), entry("b.jpg", 2))
    whole = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with Journal(path, SETTINGS) as journal:
            n_whole = max(0, sum(end <= cut for end in ends) - 1)
            assert len(journal) == n_whole
            journal.append(entry("c.jpg", 3))
        with Journal(path, SETTINGS) as journal:
            assert len(journal) == n_whole + 1
            assert journal.find("c.jpg") == entry("c.jpg", 3)


def test_other_settings_are_refused_with_what_differs_and_a_remedy(path: Path) -> None:
    written(path, entry("a.jpg"))
    before = path.read_bytes()
    with pytest.raises(JournalError) as caught:
        Journal(path, {**SETTINGS, "min_confidence": 0.8, "blur": True})
    message = str(caught.value)
    assert "min_confidence was 0.95 and is now 0.8" in message
    assert "blur was None and is now True" in message
    assert "model" not in message
    assert "another folder" in message and "--fresh" in message
    assert path.read_bytes() == before


def test_fresh_discards_the_entries(path: Path) -> None:
    written(path, entry("a.jpg", 9))
    with Journal(path, {"model": "other"}, fresh=True) as journal:
        assert (len(journal), journal.last_number) == (0, 0)
    assert json.loads(path.read_text())["settings"] == {"model": "other"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"my notes", "expected a journal"),
        (b"my notes\nmore\n", "expected a journal"),
        (b"[]\n", "expected a journal"),
        (b"[" * 10_000 + b"\n", "expected a journal"),
        (b'{"maskdet_journal": 1, "settings": [["a", 1]]}\n', "expected a journal"),
        (b'{"maskdet_journal": 1, "settings": ' + b"[" * 10_000 + b"\n", "expected a journal"),
        (b'{"maskdet_journal": [[[[[[[[[]]]]]]]]], "settings": {}}\n', "expected format 1"),
        (b'{"path": "a.jpg"}\n', "expected a journal"),
        (b'{"maskdet_journal": 2, "settings": {}}\n', "expected format 1, got 2"),
    ],
)
def test_a_file_that_is_not_a_journal_is_left_alone(
    path: Path, content: bytes, reason: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalError, match=reason):
        Journal(path, SETTINGS)
    assert path.read_bytes() == content


DEEP = b"[" * 10_000 + b"]" * 10_000


def changed(**values: Any) -> bytes:
    """A photo's line with other values."""
    row = {
        **{"path": "b.jpg", "width": 8, "height": 6, "faces": [], "n_unjudged": 0},
        **{"annotated": None, "error": None, "unjudged_xywh": [], "number": 2},
        **{"size_bytes": 10, "changed_ns": 5},
    }
    return json.dumps({**row, **values}).encode()


def face(**values: Any) -> dict[str, Any]:
    return {"box_xywh": [1, 2, 3, 4], "verdict": "with_mask", "p_with_mask": 0.9, **values}


def test_the_line_that_the_cases_below_change_is_valid(path: Path) -> None:
    written(path, entry("a.jpg"))
    path.write_bytes(path.read_bytes() + changed(faces=[face()]) + b"\n")
    with Journal(path, SETTINGS) as journal:
        assert journal.find("b.jpg") is not None


@pytest.mark.parametrize(("p_with_mask", "others"), [(0.75, (0.0, 0.25)), (None, (None, None))])
def test_line_from_before_there_were_three_classes(
    p_with_mask: float | None, others: tuple[float | None, ...], path: Path
) -> None:
    written(path)
    line = changed(faces=[face(p_with_mask=p_with_mask)])
    assert b"p_worn_wrong" not in line
    path.write_bytes(path.read_bytes() + line + b"\n")
    with Journal(path, SETTINGS) as journal:
        found = journal.find("b.jpg")
    assert found is not None
    (row,) = to_json(found.report)["faces"]
    names = ("p_with_mask", "p_worn_wrong", "p_without_mask")
    assert tuple(row[name] for name in names) == (p_with_mask, *others)


@pytest.mark.parametrize(
    "damaged",
    [
        b"{}",
        b"[]",
        b"\x00\x00",
        b'{"path": "a.jpg"',
        b"null",
        DEEP,
        b'{"path": ' + DEEP + b"}",
        b'{"path": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
        b"9" * 5_000,
        changed(path=1),
        changed(path=None),
        changed(path=["a"]),
        changed(number="2"),
        changed(number=True),
        changed(number=0),
        changed(number=1.5),
        changed(width="8"),
        changed(width=None),
        changed(height=-1),
        changed(faces=None),
        changed(faces=5),
        changed(faces={"a": 1}),
        changed(faces=[None]),
        changed(faces=[face(box_xywh="1234")]),
        changed(faces=[face(box_xywh=[1, 2, 3])]),
        changed(faces=[face(box_xywh=[1, 2, 3, "4"])]),
        changed(faces=[face(box_xywh=[1, 2, 3, 0])]),
        changed(faces=[face(verdict=["with_mask"])]),
        changed(faces=[face(verdict="maybe")]),
        changed(faces=[face(p_with_mask="0.9")]),
        changed(faces=[face(p_with_mask=float("nan"))]),
        changed(faces=[face(p_with_mask=float("inf"))]),
        changed(faces=[face(p_with_mask=2)]),
        changed(faces=[face(p_worn_wrong=0.1)]),
        changed(faces=[face(p_worn_wrong=2, p_without_mask=0.1)]),
        changed(faces=[face(p_worn_wrong=True, p_without_mask=0.1)]),
        changed(faces=[face(p_worn_wrong=0.1, p_without_mask="0")]),
        changed(unjudged_xywh=[1]),
        changed(unjudged_xywh=None),
        changed(error=5),
        changed(error={}),
        changed(annotated="../../secret.jpg"),
        changed(annotated=7),
        changed(size_bytes="10"),
        changed(changed_ns=[5]),
    ],
    ids=lambda line: line[:40].decode("latin-1"),
)
def test_a_damaged_line_in_the_middle_is_refused(path: Path, damaged: bytes) -> None:
    written(path, entry("a.jpg"))
    path.write_bytes(path.read_bytes() + damaged + b"\n")
    with pytest.raises(JournalError, match="expected a photo a line") as caught:
        Journal(path, SETTINGS)
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)


def test_a_damaged_journal_is_exit_status_2_and_one_line(
    stub: Stub, photos: list[Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(photos[0]), "--out", str(out)]) == 0
    journal = out / "faces.jsonl"
    head = journal.read_bytes().splitlines()[0]
    for content in (head + b"\n" + DEEP + b"\n", DEEP + b"\n", head + b"\n" + b"7\n"):
        journal.write_bytes(content)
        capsys.readouterr()
        assert cli.main(["check", str(photos[0]), "--out", str(out)]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("maskdet: ") and printed.err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the lock is POSIX's")
def test_two_runs_at_once_are_refused(path: Path) -> None:
    with Journal(path, SETTINGS), pytest.raises(JournalError, match="used by another run"):
        Journal(path, SETTINGS, fresh=True)
    written(path, entry("a.jpg"))


def test_file_stamp_tells_a_changed_photo(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    assert FileStamp.of(photo) == FileStamp()
    photo.write_bytes(b"abc")
    os.utime(photo, ns=(1, 2_000_000_001))
    assert FileStamp.of(photo) == FileStamp(3, 2_000_000_001)
