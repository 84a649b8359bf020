"""Real training on a tiny set: resuming, and run folders that do not fit."""

import errno
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.train.drawn import made_weights
from train.data.splits.split import Split
from train.errors import RunError
from train.network.config import FitConfig
from train.network.fit import fit
from train.network.phases import EpochRecorder, phases, save_whole


@pytest.fixture(autouse=True)
def _clear_keras() -> Iterator[None]:
    yield
    keras.mixed_precision.set_global_policy("float32")
    keras.backend.clear_session()


def records_of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "epochs.jsonl").read_text().splitlines()]


def status_of(run: Path) -> str:
    return str(json.loads((run / "run.json").read_text())["status"])


@pytest.fixture(scope="module")
def interrupted_run(
    tiny_config: FitConfig, tiny_split: Split, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run that was interrupted in its second phase."""
    run = tmp_path_factory.mktemp("interrupted") / "cut"

    def interrupt(self: EpochRecorder, batch: int, logs: Any = None) -> None:
        if self.phase.name == "full":
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EpochRecorder, "on_train_batch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_config, tiny_split, None, run, None, resume=False)
    return run


def test_interrupted_run_keeps_its_whole_epochs(interrupted_run: Path) -> None:
    assert status_of(interrupted_run) == "interrupted"
    assert not (interrupted_run / "model.keras").exists()
    assert len(records_of(interrupted_run)) == 1


def test_resumed_run_equals_uninterrupted_run(
    interrupted_run: Path, tiny_run: Path, tiny_config: FitConfig, tiny_split: Split
) -> None:
    resumed = fit(tiny_config, tiny_split, None, interrupted_run, None, resume=True)
    pairs = zip(
        keras.models.load_model(tiny_run / "model.keras").get_weights(),
        keras.models.load_model(resumed).get_weights(),
        strict=True,
    )
    for expected, got in pairs:
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    records = records_of(interrupted_run)
    assert [(r["epoch"], r["phase"]) for r in records] == [(1, "frozen"), (2, "full")]
    assert status_of(interrupted_run) == "finished"


def test_run_folder_in_use_is_refused(
    tiny_config: FitConfig, tiny_split: Split, tmp_path: Path
) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(RunError, match="--resume"):
        fit(tiny_config, tiny_split, None, tmp_path, None, resume=False)


def test_resume_with_other_settings_is_refused(
    tiny_config: FitConfig, tiny_split: Split, tmp_path: Path
) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"config": {"seed": 1}}))
    with pytest.raises(RunError, match="seed"):
        fit(tiny_config, tiny_split, None, tmp_path, None, resume=True)


def test_run_cut_within_a_phase_and_resumed_equals_uninterrupted(
    tiny_config: FitConfig, tiny_split: Split, tmp_path: Path
) -> None:
    start = tmp_path / "start.npz"
    made_weights(tiny_config.network).save(start)
    config = replace(tiny_config, weights=str(start), frozen_epochs=0, full_epochs=3)
    begun: list[int] = []

    def interrupt(self: EpochRecorder, batch: int, logs: Any = None) -> None:
        if len(begun) == 2:
            raise KeyboardInterrupt

    def count(self: EpochRecorder, epoch: int, logs: Any = None) -> None:
        begun.append(epoch)
        began(self, epoch, logs)

    began = EpochRecorder.on_epoch_begin
    whole = fit(config, tiny_split, None, tmp_path / "whole", None, resume=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EpochRecorder, "on_epoch_begin", count)
        patch.setattr(EpochRecorder, "on_train_batch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(config, tiny_split, None, tmp_path / "cut", None, resume=False)
    assert len(records_of(tmp_path / "cut")) == 1
    record_by_an_earlier_version(tmp_path / "cut")
    resumed = fit(config, tiny_split, None, tmp_path / "cut", None, resume=True)
    models = keras.models.load_model(whole), keras.models.load_model(resumed)
    assert models[0].input_shape == (None, 128, 128, 3)
    assert not models[0].compiled
    for expected, got in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    rates = [record["learning_rate"] for record in records_of(tmp_path / "whole")]
    assert rates == sorted(rates, reverse=True)
    resumed_rates = [record["learning_rate"] for record in records_of(tmp_path / "cut")]
    assert resumed_rates == pytest.approx(rates)


def record_by_an_earlier_version(run: Path) -> None:
    """Add the settings that earlier versions recorded, at their defaults."""
    record = json.loads((run / "run.json").read_text())
    record["config"]["input_sizes"] = [128]
    record["config"]["network"]["batch_norm"] = False
    (run / "run.json").write_text(json.dumps(record))


def test_phases_follow_each_other() -> None:
    config = FitConfig(hands=False, frozen_epochs=1, full_epochs=7, full_learning_rate=1.0)
    frozen, full = phases(config)
    assert (frozen.name, frozen.first, frozen.last, frozen.trained_from) == ("frozen", 0, 1, 4)
    assert (full.name, full.first, full.last, full.trained_from) == ("full", 1, 8, 3)
    assert (full.peak_rate, full.final_share) == (1.0, 0.01)
    assert list(phases(replace(config, full_epochs=0))) == [frozen]
    (alone,) = phases(replace(config, frozen_epochs=0))
    assert (alone.first, alone.last) == (0, 7)


class FullDisk:
    """A model of which half can be written."""

    def save(self, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_full_disk_is_named_and_the_last_whole_epoch_stays(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.keras"
    checkpoint.write_bytes(b"epoch 1")
    with pytest.raises(RunError, match=r"checkpoint\.keras.*No space left.*--resume"):
        save_whole(FullDisk(), checkpoint)
    assert checkpoint.read_bytes() == b"epoch 1"
    assert list(tmp_path.iterdir()) == [checkpoint]


NOTHING = Split([], [], [], [], 0)


def test_start_weights_that_saw_a_set_to_hold_out_are_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"config": {"hold_out": ["other"]}}))
    config = FitConfig(
        weights=str(tmp_path / "model.keras"), hands=False, hold_out=("other", "street-853")
    )
    with pytest.raises(RunError, match="held out street-853 too"):
        fit(config, NOTHING, None, tmp_path / "run", None, resume=False)


def test_clothing_alone_is_placed_by_the_eyes_too(
    tiny_config: FitConfig, tiny_split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a recipe without drawn masks differs in these alone."""

    def look(*_: Any) -> None:
        raise RunError("looks for eyes")

    monkeypatch.setattr("train.network.fit.find_eyes", look)
    augment = replace(tiny_config.augment, drawn_mask=0.0, drawn_wrong=0.0, clothing=0.5)
    config = replace(tiny_config, augment=augment)
    with pytest.raises(RunError, match="looks for eyes"):
        fit(config, tiny_split, None, tmp_path / "run", None, resume=False)


def test_missing_hands_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="--hands DIR"):
        fit(FitConfig(), NOTHING, None, tmp_path / "run", None, resume=False)
    assert not (tmp_path / "run").exists()
