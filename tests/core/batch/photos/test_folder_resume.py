"""A second run on a results folder: what it repeats, and what it refuses."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from maskdet_core.batch.photos.folder import COPIES, JOURNAL, Results
from maskdet_core.errors import JournalError
from tests.core.batch.fakes import Stub, journal_rows, run, table


def cv2_error(code: int) -> cv2.error:
    error = cv2.error("OpenCV: an error")
    error.code = code
    return error


def test_a_second_run_checks_nothing_again(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = Results(out, tmp_path / "r.csv", annotate=True)
    run(photos, results)
    first = ((tmp_path / "r.csv").read_bytes(), (out / JOURNAL).read_bytes())
    capsys.readouterr()
    counts = run(photos, results)
    assert stub.n_checked == 3
    assert (counts.n_photos, counts.n_with_mask, counts.n_unreadable) == (4, 3, 1)
    assert ((tmp_path / "r.csv").read_bytes(), (out / JOURNAL).read_bytes()) == first
    assert "4 photos (4 of them done before)" in capsys.readouterr().err


def test_a_run_stopped_in_the_middle_of_a_line_is_resumed(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path
) -> None:
    results = Results(out, tmp_path / "r.csv", annotate=True)
    run(photos, results)
    whole = (tmp_path / "r.csv").read_bytes()
    lines = (out / JOURNAL).read_bytes().splitlines(keepends=True)
    (out / JOURNAL).write_bytes(b"".join(lines[:2]) + lines[2][:30])
    for half in ("001-0.jpg.partial", "002-1.jpg.partial"):
        (out / COPIES / half).write_bytes(b"half")
    (out / COPIES / "003-2.jpg").rename(out / COPIES / "003-on-its-way.jpg")
    (out / COPIES / "mine.jpg").write_bytes(b"not ours to remove")
    run(photos, results)
    assert stub.n_checked == 3 + 2
    assert (tmp_path / "r.csv").read_bytes() == whole
    assert sorted(path.name for path in (out / COPIES).iterdir()) == [
        "001-0.jpg",
        "002-1.jpg",
        "003-2.jpg",
        "mine.jpg",
    ]


def test_a_changed_photo_is_checked_again_under_its_number(
    stub: Stub, photos: list[Path], out: Path
) -> None:
    run(photos, Results(out, annotate=True))
    os.utime(photos[1], ns=(1, 1))
    photos[3].write_bytes(photos[0].read_bytes())
    run(photos, Results(out, annotate=True))
    assert stub.n_checked == 3 + 2
    assert [row["annotated"] for row in journal_rows(out)[4:]] == ["002-1.jpg", "004-3.jpg"]


def test_numbers_stay_when_photos_are_added(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path
) -> None:
    run(photos[1:], Results(out, annotate=True))
    run(photos, Results(out, tmp_path / "r.csv", annotate=True))
    names = [row["annotated"] for row in table(tmp_path / "r.csv")]
    assert names == ["004-0.jpg", "001-1.jpg", "002-2.jpg", ""]


def test_a_photo_whose_copy_is_gone_is_checked_again(
    stub: Stub, photos: list[Path], out: Path
) -> None:
    run(photos, Results(out, annotate=True))
    (out / COPIES / "002-1.jpg").unlink()
    run(photos, Results(out, annotate=True))
    assert stub.n_checked == 3 + 1
    assert (out / COPIES / "002-1.jpg").is_file()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"min_confidence": 0.7}, "min_confidence was 0.6 and is now 0.7"),
        ({"min_face_px": 50}, "min_face_px was None and is now 50"),
        ({"blur": True}, "blur was False and is now True"),
        ({"two_classes": True}, "two_classes was None and is now True"),
    ],
)
def test_other_settings_are_refused(
    change: dict[str, Any], named: str, stub: Stub, photos: list[Path], out: Path
) -> None:
    run(photos, Results(out, annotate=True))
    with pytest.raises(JournalError, match=named):
        run(photos, Results(out, annotate=True), **change)
    assert stub.n_checked == 3
    run(photos, Results(out, annotate=True, fresh=True), **change)
    assert stub.n_checked == 6
    assert len(journal_rows(out)) == 4


def test_a_journal_from_before_there_were_three_classes_is_resumed(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path
) -> None:
    results = Results(out, tmp_path / "r.csv")
    run(photos[:2], results)
    head, *rows = map(json.loads, (out / JOURNAL).read_text().splitlines())
    assert "two_classes" not in head["settings"]
    for row in rows:
        for face in row["faces"]:
            del face["p_worn_wrong"], face["p_without_mask"]
    (out / JOURNAL).write_text("".join(json.dumps(line) + "\n" for line in (head, *rows)))
    counts = run(photos, results)
    assert stub.n_checked == 3
    assert (counts.n_with_mask, counts.n_worn_wrong) == (3, 0)
    for row in table(tmp_path / "r.csv")[:3]:
        assert [row[name] for name in ("p_with_mask", "p_worn_wrong", "p_without_mask")] == [
            "0.99",
            "0.0",
            "0.01",
        ]


def test_another_network_is_refused(stub: Stub, photos: list[Path], out: Path) -> None:
    run(photos, Results(out))
    stub.classifier.manifest = replace(stub.classifier.manifest, temperature=2.0)
    with pytest.raises(JournalError, match="model_manifest was"):
        run(photos, Results(out))
    stub.classifier.manifest = replace(
        stub.classifier.manifest, temperature=1.0, metrics={"accuracy": 1.0}
    )
    run(photos, Results(out))


def test_fresh_leaves_no_copy_of_the_earlier_run(stub: Stub, photos: list[Path], out: Path) -> None:
    run(photos, Results(out, annotate=True))
    run(photos[:1], Results(out, annotate=True, fresh=True))
    assert [path.name for path in (out / COPIES).iterdir()] == ["001-0.jpg"]


def test_copies_without_a_journal_are_not_overwritten(
    stub: Stub, photos: list[Path], out: Path
) -> None:
    run(photos, Results(out, annotate=True))
    (out / JOURNAL).unlink()
    with pytest.raises(JournalError, match=f"expected {JOURNAL} beside"):
        run(photos, Results(out, annotate=True))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.EIO, "Input/output error"), "cannot read the file: Input/output error"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot read the file: Permission"),
        (MemoryError(), "not enough memory to read the file"),
    ],
)
def test_a_photo_that_could_not_be_read_is_tried_again(
    error: Exception,
    message: str,
    stub: Stub,
    photos: list[Path],
    out: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path == photos[1]:
            raise error
        return real(path)

    results = Results(out, tmp_path / "r.csv", annotate=True)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read_bytes)
        assert run(photos, results).n_unreadable == 2
        assert table(tmp_path / "r.csv")[1]["error"].startswith(message)
        assert run(photos, results).n_unreadable == 2
    counts = run(photos, results)
    assert (counts.n_with_mask, counts.n_unreadable) == (3, 1)
    assert stub.n_checked == 3
    row = table(tmp_path / "r.csv")[1]
    assert (row["status"], row["annotated"]) == ("faces", "002-1.jpg")
    assert run(photos, results).n_with_mask == 3
    assert stub.n_checked == 3


@pytest.mark.parametrize("error", [MemoryError("no room"), cv2_error(cv2.Error.StsNoMem)])
def test_a_photo_for_which_memory_was_short_is_tried_again(
    error: Exception,
    stub: Stub,
    photos: list[Path],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(image_rgb: Any, *, min_face_px: int) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(stub.finder, "find", fail)
        assert run(photos, Results(out)).n_unreadable == 4
    assert "cannot be checked" in journal_rows(out)[0]["error"]
    assert run(photos, Results(out)).n_unreadable == 1


def test_other_errors_are_final(
    stub: Stub, photos: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(image_rgb: Any, *, min_face_px: int) -> Any:
        raise cv2_error(cv2.Error.StsBadArg)

    with monkeypatch.context() as patch:
        patch.setattr(stub.finder, "find", fail)
        run(photos, Results(out))
    assert run(photos, Results(out)).n_unreadable == 4
    assert len(journal_rows(out)) == 4


def test_a_missing_photo_is_looked_for_again(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.jpg"
    for _ in range(2):
        assert run([gone], Results(out)).n_unreadable == 1
    photos[0].rename(gone)
    assert run([gone], Results(out)).n_with_mask == 1
