"""Journal and reports on generated input; the same examples in every run."""

import csv
import io
import json
import math
import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from maskdet_core import Detections, Face, FaceBox, Verdict
from maskdet_core.batch.photos.journal import Entry, Journal
from maskdet_core.batch.photos.report import PhotoReport, csv_text, json_text, safe_name
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.errors import JournalError
from maskdet_core.precision import PROBABILITY_DECIMALS
from maskdet_core.untrusted_text import valid_text

SETTINGS: dict[str, Any] = {"model": "m"}
HEAD = json.dumps({"maskdet_journal": 1, "settings": SETTINGS}).encode() + b"\n"

# derandomised: a build fails for what changed, not by chance
bounded = settings(max_examples=60, deadline=None, derandomize=True, database=None)

# with surrogates, as in names of files in another encoding
texts = st.text(st.characters(), max_size=30)
corners, sides = st.integers(0, 100), st.integers(1, 100)
sizes = st.integers(200, 10_000)
boxes = st.builds(FaceBox, corners, corners, sides, sides)
verdicts = st.sampled_from(Verdict)
faces = st.one_of(
    st.builds(Face.of_two_classes, boxes, st.one_of(st.floats(0, 1), st.just(math.nan)), verdicts),
    st.builds(
        lambda box, p, share, verdict: Face(
            box, p, (1 - p) * share, (1 - p) * (1 - share), verdict
        ),
        boxes,
        st.floats(0, 1),
        st.floats(0, 1),
        verdicts,
    ),
)
detections = st.builds(
    Detections,
    sizes,
    sizes,
    st.lists(faces, max_size=4).map(tuple),
    st.lists(boxes, max_size=3).map(tuple),
)
copies = st.one_of(st.none(), st.builds(safe_name, texts, st.integers(1, 9_999)))
reports = st.one_of(
    st.builds(PhotoReport, texts, detections, st.none(), copies),
    st.builds(PhotoReport, texts, st.none(), texts),
)
stamps = st.builds(
    FileStamp, st.one_of(st.none(), st.integers(0, 2**63)), st.one_of(st.none(), st.integers())
)
entries = st.builds(Entry, reports, st.integers(1, 2**40), stamps)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


def rounded(entry: Entry) -> Entry:
    """As the journal keeps it: probabilities to six places, and valid text but in the path."""
    report = entry.report
    found = report.detections
    if found is not None:
        kept = tuple(
            replace(
                face,
                p_with_mask=round(face.p_with_mask, PROBABILITY_DECIMALS),
                p_worn_wrong=round(face.p_worn_wrong, PROBABILITY_DECIMALS),
                p_without_mask=round(face.p_without_mask, PROBABILITY_DECIMALS),
            )
            for face in found.faces
            # NaN equals nothing
            if not math.isnan(face.p_with_mask)
        )
        found = Detections(found.width_px, found.height_px, kept, found.unjudged)
    error = None if report.error is None else valid_text(report.error)
    report = PhotoReport(report.photo, found, error, report.annotated)
    return Entry(report, entry.number, entry.stamp)


@bounded
@given(st.lists(entries, max_size=4))
def test_journal_gives_back_what_was_written(written: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "faces.jsonl"
        with Journal(path, SETTINGS) as journal:
            for entry in written:
                journal.append(entry)
        last = {entry.report.photo: entry for entry in written}
        with Journal(path, SETTINGS) as journal:
            assert len(journal) == len(last)
            for photo, entry in last.items():
                found = journal.find(photo)
                assert found is not None
                assert rounded(found) == rounded(entry)


def opens_or_refuses(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "faces.jsonl"
        path.write_bytes(content)
        try:
            Journal(path, SETTINGS).__exit__(None, None, None)
        except JournalError as error:
            assert len(str(error)) < 1_000 and "\n" not in str(error)


@bounded
@given(st.binary(max_size=200))
def test_any_bytes_as_a_journal_open_or_are_refused(content: bytes) -> None:
    opens_or_refuses(content)
    opens_or_refuses(HEAD + content + b"\n")


@bounded
@given(json_values, json_values)
def test_any_json_as_a_journal_opens_or_is_refused(head: Any, row: Any) -> None:
    opens_or_refuses(json.dumps({"maskdet_journal": head, "settings": row}).encode() + b"\n")
    opens_or_refuses(HEAD + json.dumps(row).encode() + b"\n")


@bounded
@given(entries, st.data())
def test_any_value_of_another_type_opens_or_is_refused(entry: Entry, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "faces.jsonl"
        with Journal(path, SETTINGS) as journal:
            journal.append(entry)
        row = json.loads(path.read_bytes().splitlines()[1])
    row[data.draw(st.sampled_from(sorted(row)))] = data.draw(json_values)
    opens_or_refuses(HEAD + json.dumps(row).encode() + b"\n")


@bounded
@given(st.lists(reports, max_size=4))
def test_reports_are_valid_and_keep_their_rows(written: list[PhotoReport]) -> None:
    text = "".join(csv_text(written)).encode().decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    n_rows = sum(max(1, len(one.detections.faces) if one.detections else 1) for one in written)
    assert len(rows) == 1 + n_rows
    assert {len(row) for row in rows} == {17}
    assert len(json.loads("".join(json_text(written)).encode())) == len(written)


@bounded
@given(
    st.text(st.characters(categories=["Cf", "Cc", "Mn", "Me", "Zs", "Zl", "Zp"]), max_size=6),
    st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"),
    texts,
)
def test_no_name_begins_with_a_formula(invisible: str, sign: str, rest: str) -> None:
    lines = list(csv_text([PhotoReport(invisible + sign + rest, None, "error")]))
    cell = next(csv.reader([lines[1]]))[0]
    assert cell.startswith("'")


@bounded
@given(texts, st.integers(1, 10**9))
def test_name_of_a_copy_is_plain(photo: str, number: int) -> None:
    name = safe_name(photo, number)
    assert name.isascii() and Path(name).name == name
    assert all(unicodedata.category(char)[0] in "LNP" for char in name)
