"""Real training on tiny sets: resuming, start weights, export and its agreement with float."""

import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.loading import load_classifier
from maskdet_core.masks.manifest import ModelManifest
from train.data.datasets import FaceSample, read_dataset
from train.data.images import plain_crop
from train.data.split import Split
from train.errors import RunError, WeightsError
from train.evaluate.classifier import evaluate
from train.evaluate.metrics import float_logits
from train.network.config import FitConfig
from train.network.export import export, load_trained
from train.network.fit import EpochRecorder, fit, save_whole
from train.network.vgg19 import build_model

CONFIG = FitConfig(
    weights="none",
    hands=False,
    frozen_epochs=1,
    full_epochs=1,
    epoch_samples=8,
    batch_size=4,
    precision="float32",
)


@pytest.fixture(autouse=True)
def _float32_policy() -> Iterator[None]:
    yield
    keras.mixed_precision.set_global_policy("float32")
    keras.backend.clear_session()


@pytest.fixture
def split(crop_set: Path) -> Split:
    samples = read_dataset(crop_set)

    def part(name: str) -> list[FaceSample]:
        return [s for s in samples if s.published_split == name]

    return Split(part("train"), part("validation"), part("test"), part("test"), 0)


def test_resumed_run_equals_uninterrupted_run_and_exports(
    split: Split,
    crop_set: Path,
    hands: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = fit(CONFIG, split, None, tmp_path / "whole", None, resume=False)

    def interrupt(self: Any, batch: int, logs: Any = None) -> None:
        if self._phase == "full":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EpochRecorder, "on_train_batch_end", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(CONFIG, split, None, tmp_path / "cut", None, resume=False)
    cut = tmp_path / "cut"
    assert json.loads((cut / "run.json").read_text())["status"] == "interrupted"
    assert not (cut / "model.keras").exists()
    assert len((cut / "epochs.jsonl").read_text().splitlines()) == 1

    resumed = fit(CONFIG, split, None, cut, None, resume=True)
    pairs = zip(
        keras.models.load_model(whole).get_weights(),
        keras.models.load_model(resumed).get_weights(),
        strict=True,
    )
    for expected, got in pairs:
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    records = [json.loads(line) for line in (cut / "epochs.jsonl").read_text().splitlines()]
    assert [(r["epoch"], r["phase"]) for r in records] == [(1, "frozen"), (2, "full")]
    assert json.loads((cut / "run.json").read_text())["status"] == "finished"

    models = tmp_path / "models"
    manifest_path = export(cut, split, models, float_too=False)
    classifier = load_classifier(manifest_path)
    crops = np.stack([plain_crop(s) for s in split.leak_free_test])
    assert isinstance(classifier, MaskClassifier)
    in_float = float_logits(load_trained(cut), crops)
    # eight bits over the range of all logits
    np.testing.assert_allclose(classifier.logits(crops), in_float, atol=0.04 * np.ptp(in_float))
    by_place = classifier.activation_map(crops)
    assert by_place is not None
    temperature = classifier.manifest.temperature
    kept = load_classifier(export_float(cut, tmp_path / "float", temperature)).activation_map(crops)
    assert kept is not None and kept.shape == by_place.shape == (len(crops), 4, 4)
    np.testing.assert_allclose(by_place, kept, atol=0.04 * np.ptp(kept))
    masked, bare = in_float[:, 0], in_float[:, 1]
    log_odds = (masked - bare) / temperature
    np.testing.assert_allclose(kept.mean(axis=(1, 2)), log_odds, rtol=1e-4, atol=1e-4)
    assert classifier.manifest.classes == ("with_mask", "without_mask", "no_face")
    assert classifier.manifest.training["run"] == "cut"
    assert (models / "runs" / "cut" / "epochs.jsonl").is_file()

    record = json.loads(evaluate(cut, split, [crop_set], models, hands).read_text())
    slugs = [one["slug"] for one in record["sets"]]
    assert slugs[:3] == ["crops-test", "leak-free", "leak-free-crops"]
    assert slugs[-1] == "hands"
    for one in record["sets"]:
        assert one["n"] == one["confusion"][0][0] + sum(one["confusion"][0][1:]) + sum(
            one["confusion"][1]
        )
        assert 0 <= one["calibration_error"] <= 1
        assert one["risk_coverage"][-1]["coverage"] == 1
        assert len(one["worst"]) == one["n"] - one["n_correct"] <= 24
    assert record["int8_vs_float"]["n"] == len(split.validation)
    assert load_classifier(manifest_path).manifest.metrics["leak-free"]["n"] == 8


def export_float(run: Path, folder: Path, temperature: float) -> Path:
    """The trained network as a .keras file with a manifest that describes it."""
    folder.mkdir()
    path = folder / "float.keras"
    model = load_trained(run)
    model.save(path)
    classes = ("with_mask", "without_mask", "no_face")
    ModelManifest.for_file(
        path, classes=classes, quantization="none", temperature=temperature
    ).save(folder / "float.json")
    return path


def test_run_folder_in_use_is_refused(split: Split, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(RunError, match="--resume"):
        fit(CONFIG, split, None, tmp_path, None, resume=False)


def test_resume_with_other_settings_is_refused(split: Split, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"config": {"seed": 1}}))
    with pytest.raises(RunError, match="seed"):
        fit(CONFIG, split, None, tmp_path, None, resume=True)


class FullDisk:
    """A model of which half can be written."""

    def save(self, path: Path, **options: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_full_disk_is_named_and_the_last_whole_epoch_stays(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.keras"
    checkpoint.write_bytes(b"epoch 1")
    with pytest.raises(RunError, match=r"checkpoint\.keras.*No space left.*--resume"):
        save_whole(FullDisk(), checkpoint)
    assert checkpoint.read_bytes() == b"epoch 1"
    assert list(tmp_path.iterdir()) == [checkpoint]


def test_unfinished_run_is_not_exported(split: Split, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"model\.keras"):
        export(tmp_path, split, tmp_path / "models", float_too=False)
    assert not (tmp_path / "models").exists()


def test_local_start_weights_are_turned_to_rgb(tmp_path: Path) -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 64)).astype(np.float32)
    bias = np.arange(64, dtype=np.float32)
    path = tmp_path / "part.npz"
    np.savez(path, **{"block1_conv1.kernel": kernel, "block1_conv1.bias": bias})
    got_kernel, got_bias = build_model(str(path)).get_layer("block1_conv1").get_weights()
    np.testing.assert_array_equal(got_kernel, kernel[:, :, ::-1])
    np.testing.assert_array_equal(got_bias, bias)


def test_start_weights_that_do_not_fit_name_the_layer(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, **{"block1_conv1.kernel": np.zeros((1, 1)), "block1_conv1.bias": np.zeros(1)})
    with pytest.raises(WeightsError, match="block1_conv1"):
        build_model(str(path))


def test_missing_imagenet_weights_tell_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr(keras.applications, "VGG19", refuse)
    with pytest.raises(WeightsError, match=r"--weights FILE\.npz"):
        build_model("imagenet")
