"""Ablations: trained once, measured on the same faces, written as one table."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.loading import load_finder
from train import configs
from train.commands.ablate import Budget, ablate, comparable
from train.data.faces.datasets import read_dataset
from train.data.splits.split import split_samples
from train.model_card.card import write_model_card
from train.network.config import FitConfig

Load = Callable[[str], tuple[FitConfig, str]]

BUDGET = Budget(frozen_epochs=1, full_epochs=0, epoch_samples=8)


def test_only_recipes_on_the_same_sets_are_compared() -> None:
    names = comparable()
    assert names[0] == "slim"
    assert {"no_background", "no_drawn_masks", "no_loose_boxes"} <= set(names)
    assert "street_held_out" not in names
    # their start weights are ImageNet's
    assert not {"maskdet", "original"} & set(names)


def test_budget_replaces_epochs_and_seed_only() -> None:
    config, _ = configs.load("no_things")
    short = BUDGET.of(config)
    assert (short.frozen_epochs, short.full_epochs, short.epoch_samples) == (1, 0, 8)
    assert short.network == config.network
    assert short.augment == config.augment


def load_small(name: str, load: Load = configs.load) -> tuple[FitConfig, str]:
    """A configuration of two narrow blocks instead of five: trained in seconds."""
    config, summary = load(name)
    network = replace(config.network, blocks=2, widths=(8, 16, 16, 16, 16))
    return replace(config, network=network, frozen_from=2, batch_size=4), summary


def test_table_of_two_recipes(
    crop_set: Path,
    photo_set: Path,
    hands: Path,
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finder = load_finder("photo", repo_root / "models" / "maskdet-haar.json")
    assert isinstance(finder, CascadeFaceFinder)
    split = split_samples([*read_dataset(crop_set), *read_dataset(photo_set)])
    models = tmp_path / "models"
    models.mkdir()

    monkeypatch.setattr(configs, "load", load_small)

    def run() -> Path:
        names = ["slim", "no_background"]
        return ablate(names, BUDGET, "none", split, finder, tmp_path / "runs", hands, models)

    try:
        record = json.loads(run().read_text(encoding="utf-8"))
        monkeypatch.setattr("train.network.fit.fit", None)
        again = json.loads(run().read_text(encoding="utf-8"))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert again["configurations"] == record["configurations"]
    ours, without = record["configurations"]
    assert [t["name"] for t in ours["tests"]] == [t["name"] for t in without["tests"]]
    assert ours["tests"][0]["n"] == len(split.leak_free_test)
    for one in (*ours["tests"], *without["tests"]):
        assert 0 <= one["ci95"][0] <= one["value"] <= one["ci95"][1] <= 1
    assert without["tests"][-1]["n_good"] == 0 < without["tests"][-1]["n"]
    card = write_model_card(models).read_text(encoding="utf-8")
    assert "| `no_background` | Without the output for no face |" in card
