"""Folders checked in one process: what is written, and what stops a run."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskdet_core import FaceBox, encode_jpeg
from maskdet_core.batch.photos import folder as folder_check
from maskdet_core.batch.photos.check import PhotoCheckConfig, PhotoTask
from maskdet_core.batch.photos.folder import COPIES, Results, check_folder
from maskdet_core.batch.photos.report import COLUMNS
from maskdet_core.pictures.decode import decode_image
from tests.core.batch.fakes import BOX, Stub, journal_rows, run, table


def test_everything_is_written(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = Results(out, tmp_path / "r.csv", tmp_path / "r.json", annotate=True)
    counts = run(photos, results)
    assert (counts.n_photos, counts.n_with_mask, counts.n_unreadable) == (4, 3, 1)
    rows = table(tmp_path / "r.csv")
    assert tuple(rows[0]) == COLUMNS
    assert [row["photo"] for row in rows] == list(map(str, photos))
    assert [row["status"] for row in rows] == ["faces"] * 3 + ["error"]
    assert [row["annotated"] for row in rows] == ["001-0.jpg", "002-1.jpg", "003-2.jpg", ""]
    assert [one["path"] for one in json.loads((tmp_path / "r.json").read_text())] == list(
        map(str, photos)
    )
    assert len(journal_rows(out)) == 4
    copies = sorted(path.name for path in (out / COPIES).iterdir())
    assert copies == ["001-0.jpg", "002-1.jpg", "003-2.jpg"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith(
        "4 photos: 3 mask, 0 no mask, 0 not sure; 0 without a face, 1 unreadable; "
    )
    assert "photos a second" in printed.err


def test_masks_worn_wrong_are_counted(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.classifier.probabilities, stub.classifier.p_worn_wrong = (0.05,), 0.9
    for _ in range(2):
        # the second run counts what the journal holds
        counts = run(photos, Results(out))
        assert (counts.n_with_mask, counts.n_worn_wrong, counts.n_without_mask) == (0, 3, 0)
        assert "0 mask, 3 worn wrong, 0 no mask, 0 not sure;" in capsys.readouterr().err
    counts = run(photos, Results(csv=tmp_path / "r.csv"), two_classes=True)
    assert (counts.n_worn_wrong, counts.n_without_mask) == (0, 3)
    assert "0 mask, 3 no mask, 0 not sure;" in capsys.readouterr().err
    assert {row["p_worn_wrong"] for row in table(tmp_path / "r.csv")[:3]} == {"0.9"}


def test_a_report_needs_no_results_folder(stub: Stub, photos: list[Path], tmp_path: Path) -> None:
    run(photos, Results(csv=tmp_path / "r.csv"))
    assert len(table(tmp_path / "r.csv")) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "r.csv"]


def test_copies_have_no_metadata_and_are_reproducible(
    stub: Stub, photos: list[Path], tmp_path: Path
) -> None:
    with Image.open(photos[0]) as picture:
        assert picture.getexif().get_ifd(0x8825)
    for name in ("first", "second"):
        run(photos, Results(tmp_path / name, annotate=True))
    for copy in (tmp_path / "first" / COPIES).iterdir():
        assert copy.read_bytes() == (tmp_path / "second" / COPIES / copy.name).read_bytes()
        with Image.open(copy) as picture:
            assert not picture.getexif()
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_blur_covers_all_faces_beyond_the_cap_too(
    stub: Stub, out: Path, tmp_path: Path, stub_finder: Any
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(encode_jpeg(noise))
    beyond = FaceBox(90, 50, 40, 50)
    stub.finder, stub.values = stub_finder(BOX, beyond), {"max_faces": 1}
    plain, blurred = tmp_path / "plain", tmp_path / "blurred"
    run([photo], Results(plain, annotate=True))
    run([photo], Results(blurred, annotate=True), blur=True)

    def roughness(folder: Path) -> float:
        copy = decode_image((folder / COPIES / "001-a.jpg").read_bytes())
        return float(copy[60:90, 100:120].std())

    assert roughness(plain) > 20
    assert roughness(blurred) < roughness(plain) / 3


def test_no_photos(stub: Stub, out: Path, tmp_path: Path) -> None:
    counts = run([], Results(out, tmp_path / "r.csv", tmp_path / "r.json"))
    assert counts.n_photos == 0
    assert table(tmp_path / "r.csv") == []
    assert json.loads((tmp_path / "r.json").read_text()) == []


def test_a_photo_named_twice_counts_once(stub: Stub, photos: list[Path], out: Path) -> None:
    assert run([photos[0], photos[0]], Results(out)).n_photos == 1


def test_unexpected_errors_are_rows(
    stub: Stub, photos: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(image_rgb: Any, *, min_face_px: int) -> list[FaceBox]:
        raise MemoryError("no room")

    monkeypatch.setattr(stub.finder, "find", fail)
    counts = run(photos, Results(out))
    assert (counts.n_photos, counts.n_unreadable) == (4, 4)
    assert journal_rows(out)[0]["error"] == "cannot be checked (MemoryError: no room)"


def test_a_copy_that_cannot_be_written_stops_the_run_without_a_row(
    stub: Stub, photos: list[Path], out: Path, tmp_path: Path
) -> None:
    run([], Results(out, annotate=True))
    (out / COPIES / "002-1.jpg").mkdir()
    with pytest.raises(OSError):
        run(photos, Results(out, tmp_path / "r.csv", annotate=True))
    assert [row["path"] for row in journal_rows(out)] == [str(photos[0])]
    assert not list(tmp_path.glob("r.csv*"))


def test_a_report_that_cannot_be_written_fails_before_the_work(
    stub: Stub, photos: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(OSError):
        run(photos, Results(csv=tmp_path / "no" / "folder.csv"))
    assert stub.n_checked == 0


def test_an_earlier_report_stays_until_the_new_one_is_complete(
    stub: Stub, photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "r.csv"
    target.write_text("earlier")

    def stop(image_rgb: Any, *, min_face_px: int) -> list[FaceBox]:
        raise KeyboardInterrupt

    monkeypatch.setattr(stub.finder, "find", stop)
    with pytest.raises(KeyboardInterrupt):
        run(photos, Results(csv=target))
    assert sorted(tmp_path.glob("r.csv*")) == [target]
    assert target.read_text() == "earlier"


def test_copies_need_a_folder() -> None:
    with pytest.raises(ValueError, match="results folder"):
        Results(annotate=True)


def test_few_photos_start_one_process(
    stub: Stub, photos: list[Path], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def map_in_order(tasks: list[PhotoTask], set_up: Any, n_jobs: int, lost: Any) -> Iterator[Any]:
        asked.append(n_jobs)
        return map(set_up(), tasks)

    monkeypatch.setattr(folder_check, "map_in_order", map_in_order)
    many = [photos[0].with_name(f"{i}-x.jpg") for i in range(40)]
    for path in many:
        shutil.copy(photos[0], path)
    for n_photos, n_jobs in ((1, 8), (15, 8), (16, 8), (40, 3), (40, 1)):
        check_folder(many[:n_photos], PhotoCheckConfig(), Results(out, fresh=True), n_jobs)
    assert asked == [1, 1, 2, 3, 1]
