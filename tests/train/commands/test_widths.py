"""`widths`: trained alike, measured side by side, written as one record."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskdet_core.records.widths import WidthsRecord, width_records
from tests.train.test_run_records import misfits
from train import configs
from train.commands import widths
from train.commands.widths import DEFAULT_WIDTHS, MIN_NETWORKS, Plan, compare, train_widths
from train.data.splits.split import Split
from train.evaluate.widths import times_ms
from train.network.config import NetworkConfig
from train.network.cost import parameters, products

WIDTHS = ((16, 16, 16, 16, 16), (16, 16, 16, 16, 32))


def test_default_front_spans_a_factor_of_ten_and_fits_four_megabytes() -> None:
    costs = [products(NetworkConfig(widths=each)) for each in DEFAULT_WIDTHS]
    assert len(costs) >= MIN_NETWORKS
    assert costs == sorted(costs)
    assert costs[-1] > 9 * costs[0]
    slim, _ = configs.load("slim")
    # int8 holds one byte a weight
    assert parameters(slim.network) < 4_000_000


def test_all_are_trained_alike_and_only_once(
    tiny_split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[Any] = []

    def prune_to(source: Path, chosen: Any, faces: Any, out: Path, seed: int) -> Path:
        out.mkdir(parents=True)
        (out / "start.npz").touch()
        return out / "start.npz"

    def fit(config: Any, split: Any, finder: Any, out: Path, *more: Any, **options: Any) -> None:
        trained.append((config, options["teacher_cache"]))
        out.mkdir()
        (out / "model.keras").touch()

    monkeypatch.setattr(widths, "prune_to", prune_to)
    monkeypatch.setattr("train.network.fit.fit", fit)
    plan = Plan(tmp_path / "whole.tflite", tmp_path / "whole.tflite", epochs=3, epoch_samples=64)
    for _ in range(2):
        folders = train_widths(WIDTHS, plan, tiny_split, None, tmp_path / "out", None)
    assert [folder.name for folder in folders] == ["16-16-16-16-16", "16-16-16-16-32"]
    (first, first_cache), (second, second_cache) = trained
    assert first_cache == second_cache
    assert (first.full_epochs, first.epoch_samples, first.seed) == (3, 64, 20)
    assert first.network.widths == WIDTHS[0]
    assert replace(first, network=second.network, weights=second.weights) == second


def test_record_holds_accuracy_and_cost(tiny_run: Path, tiny_split: Split, tmp_path: Path) -> None:
    models = tmp_path / "models"
    written = compare([tiny_run], tiny_run, tiny_split, tmp_path / "out", models)
    assert written == models / "widths.json"
    record = json.loads(written.read_text(encoding="utf-8"))
    assert list(misfits(record, WidthsRecord)) == []
    (one,) = width_records(record)
    assert one["widths"] == [8, 16, 16, 16, 16]
    assert one["int8_bytes"] > one["parameters"] > 0
    assert one["ms"] > 0
    test = one["tests"]["leak-free, mask or bare"]
    assert test["n"] == len(tiny_split.leak_free_test)
    assert test["low"] <= test["right"] / test["n"] <= test["high"]


def test_networks_are_timed_in_turn() -> None:
    calls: list[str] = []

    class Counted:
        def __init__(self, name: str) -> None:
            self.name = name

        def logits(self, crops: Any) -> None:
            calls.append(self.name)

    both: Any = {name: Counted(name) for name in "ab"}
    took = times_ms(both, np.zeros((128, 128, 3), np.uint8), rounds=2)
    assert calls == ["a", "b"] * (len(calls) // 2)
    assert set(took) == {"a", "b"}
