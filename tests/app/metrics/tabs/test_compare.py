"""Runs beside each other."""

from pathlib import Path
from typing import Any

from maskdet_app.metrics.records.runs import Run
from maskdet_app.metrics.tabs import compare


def run(name: str, *slugs: str, **info: Any) -> Run:
    sets = [{"slug": slug, "name": slug.upper(), "accuracy": 0.9, "n": 1200} for slug in slugs]
    return Run(
        *(name, Path(name), False),
        info=info,
        epochs=({"epoch": 1, "val_accuracy": 0.951},),
        evaluation={"sets": sets},
    )


def test_tests_that_two_runs_share() -> None:
    runs = [run("a", "hands", "leak-free", "street"), run("b", "leak-free", "hands", "leak-free-x")]
    assert compare.shared_tests(runs) == {"leak-free": "LEAK-FREE", "hands": "HANDS"}
    chart = compare.run_dots(runs, "hands")
    assert chart is not None
    names = [row["name"] for row in chart.to_dict()["data"]["values"]]
    assert names == ["a (n = 1,200)", "b (n = 1,200)"]
    assert compare.run_dots(runs, "nothing") is None


def test_row_says_how_a_run_was_trained() -> None:
    config = {"epoch_samples": 6400, "network": {"widths": [16, 32]}}
    row = compare.row_of(run("a", started="2026-11-30T10:00", status="finished", config=config))
    assert list(row.values()) == ["a", "2026-11-30", "finished", "16, 32", "1", "6,400", "95.1 %"]
    bare = compare.row_of(Run("b", Path(), False))
    assert list(bare.values()) == ["b", "–", "–", "–", "0", "–", "–"]
