"""Run records from both ends: what training writes, the metrics page reads."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from maskdet_app.metrics.records.runs import EPOCH_NUMBERS, Run, read_run
from maskdet_core.records.ablations import ABLATIONS_FILE, AblationsRecord
from maskdet_core.records.evaluation import EvaluationRecord
from maskdet_core.records.runs import EPOCHS_FILE, EpochRecord, RunRecord
from train.data.splits.split import Split
from train.evaluate.classifier import evaluate


def misfits(value: Any, hint: Any, at: str = "record") -> Iterator[str]:
    """Where a value read from JSON does not have the type of a schema, in words."""
    if get_origin(hint) is NotRequired:
        (hint,) = get_args(hint)
    if is_typeddict(hint):
        if not isinstance(value, dict):
            yield f"{at}: {value!r} is no object"
            return
        hints = get_type_hints(hint)
        missing, unknown = hint.__required_keys__ - value.keys(), value.keys() - hints.keys()
        yield from (f"{at}.{key} is missing" for key in sorted(missing))
        yield from (f"{at}.{key} is not in the schema" for key in sorted(unknown))
        for key in hints.keys() & value.keys():
            yield from misfits(value[key], hints[key], f"{at}.{key}")
    elif get_origin(hint) is list:
        if not isinstance(value, list):
            yield f"{at}: {value!r} is no list"
            return
        for i, item in enumerate(value):
            yield from misfits(item, get_args(hint)[0], f"{at}[{i}]")
    elif get_origin(hint) is dict:
        if not isinstance(value, dict):
            yield f"{at}: {value!r} is no object"
            return
        for key, item in value.items():
            yield from misfits(item, get_args(hint)[1], f"{at}[{key!r}]")
    elif get_origin(hint) is Literal:
        if value not in get_args(hint):
            yield f"{at}: {value!r} is none of {get_args(hint)}"
    elif hint is not Any:
        wanted = get_args(hint) if get_origin(hint) is UnionType else (hint,)
        # JSON writes 1.0 as a float and takes 1 for one
        allowed = tuple({float: (float, int)}.get(one, (one,)) for one in wanted)
        if not isinstance(value, sum(allowed, ())) or isinstance(value, bool):
            yield f"{at}: {value!r} is no {hint}"


@pytest.fixture(scope="module")
def run(
    tiny_run: Path,
    tiny_models: Path,
    tiny_split: Split,
    tiny_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """The tiny training, exported, evaluated, and read by the metrics page."""
    models = Path(shutil.copytree(tiny_models, tmp_path_factory.mktemp("records") / "models"))
    evaluate(tiny_run, tiny_split, [tiny_data], models)
    return read_run(models / "runs" / "tiny")


def test_reader_has_no_problem_with_what_is_written(run: Run) -> None:
    assert run.problems == ()
    assert run.name == "tiny"
    assert not run.running


def test_run_record_is_read_field_by_field(run: Run) -> None:
    assert list(misfits(run.info, RunRecord)) == []
    assert run.info["status"] == "finished"
    assert run.info["epochs_total"] == len(run.epochs) == 2


def test_epoch_records_are_read_field_by_field(run: Run) -> None:
    lines = (run.folder / EPOCHS_FILE).read_text("utf-8").splitlines()
    written = [json.loads(line) for line in lines]
    for record in written:
        assert list(misfits(record, EpochRecord)) == []
    # the reader fills what is absent with None: nothing may be
    read = ("epoch", "phase", *EPOCH_NUMBERS)
    assert list(run.epochs) == [{key: record[key] for key in read} for record in written]


def test_reader_asks_only_for_fields_of_the_schema() -> None:
    assert set(EPOCH_NUMBERS) <= EpochRecord.__required_keys__


def test_evaluation_record_is_read_field_by_field(run: Run) -> None:
    assert run.evaluation is not None
    assert list(misfits(run.evaluation, EvaluationRecord)) == []
    assert [one["slug"] for one in run.evaluation["sets"]][:2] == ["crops-test", "leak-free"]


def test_shipped_records_fit_the_schema(repo_root: Path) -> None:
    models = repo_root / "models"
    ablations = json.loads((models / ABLATIONS_FILE).read_text("utf-8"))
    assert list(misfits(ablations, AblationsRecord)) == []
    for folder in (models / "runs").iterdir():
        shipped = read_run(folder)
        assert shipped.problems == ()
        assert list(misfits(shipped.info, RunRecord)) == []
        assert list(misfits(shipped.evaluation, EvaluationRecord)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"epoch": "1"}, "record.epoch: '1' is no <class 'int'>"),
        ({"phase": "third"}, "record.phase: 'third' is none of ('frozen', 'full')"),
        ({"extra": 1}, "record.extra is not in the schema"),
        ({"loss": None}, "record.loss: None is no <class 'float'>"),
    ],
)
def test_misfits_are_seen(run: Run, change: dict[str, Any], expected: str) -> None:
    line = (run.folder / EPOCHS_FILE).read_text("utf-8").splitlines()[0]
    assert list(misfits(json.loads(line) | change, EpochRecord)) == [expected]
