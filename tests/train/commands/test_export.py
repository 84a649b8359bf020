"""Export: int8 and float agree, the manifest describes the network, the records go along."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.loading import load_classifier
from maskdet_core.masks.manifest import ModelManifest
from train.commands.export import export
from train.data.faces.images import FRAMING, plain_crop
from train.data.splits.split import Split
from train.errors import RunError
from train.network.export import float_logits, load_trained, network_of


@pytest.fixture
def classifier(tiny_models: Path) -> MaskClassifier:
    loaded = load_classifier(tiny_models / "maskdet-vgg19-int8.json")
    assert isinstance(loaded, MaskClassifier)
    return loaded


@pytest.fixture(scope="module")
def crops(tiny_split: Split) -> NDArray[np.uint8]:
    return np.stack([plain_crop(s) for s in tiny_split.leak_free_test])


@pytest.fixture(scope="module")
def in_float(tiny_run: Path, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    return float_logits(load_trained(tiny_run), crops)


def test_int8_agrees_with_float(
    classifier: MaskClassifier, crops: NDArray[np.uint8], in_float: NDArray[np.float64]
) -> None:
    # eight bits over the range of all logits; those beyond the calibration faces' are cut off
    np.testing.assert_allclose(classifier.logits(crops), in_float, atol=0.06 * np.ptp(in_float))


def test_activation_map_of_int8_is_that_of_float(
    classifier: MaskClassifier,
    tiny_run: Path,
    crops: NDArray[np.uint8],
    in_float: NDArray[np.float64],
    tmp_path: Path,
) -> None:
    in_int8 = classifier.activation_map(crops)
    assert in_int8 is not None
    temperature = classifier.manifest.temperature
    kept = load_classifier(float_network(tiny_run, tmp_path, temperature))
    by_place = kept.activation_map(crops)
    assert by_place is not None and by_place.shape == in_int8.shape == (len(crops), 64, 64)
    pooled, expected = (
        maps.reshape(-1, 32, 2, 32, 2).mean(axis=(2, 4)) for maps in (in_int8, by_place)
    )
    np.testing.assert_allclose(pooled, expected, atol=0.04 * np.ptp(expected))
    # within a window, eight bits may see another maximum, or two equal ones
    assert np.corrcoef(in_int8.ravel(), by_place.ravel())[0, 1] > 0.8
    worn_wrong, without = in_float[:, 1] / temperature, in_float[:, 2] / temperature
    log_odds = in_float[:, 0] / temperature - np.logaddexp(worn_wrong, without)
    np.testing.assert_allclose(by_place.mean(axis=(1, 2)), log_odds, rtol=1e-4, atol=1e-4)


def float_network(run: Path, folder: Path, temperature: float) -> Path:
    """The trained network as a .keras file with a manifest that describes it."""
    path = folder / "float.keras"
    load_trained(run).save(path)
    ModelManifest.for_file(
        path, classes=network_of(run).outputs, quantization="none", temperature=temperature
    ).save(folder / "float.json")
    return path


def test_manifest_describes_network_and_run(classifier: MaskClassifier, tiny_models: Path) -> None:
    manifest = classifier.manifest
    assert manifest.classes == ("with_mask", "worn_wrong", "without_mask", "no_face")
    assert manifest.architecture == "VGG19 with 8, 16, 16, 16, 16 channels"
    assert manifest.crop == FRAMING
    assert manifest.training["run"] == "tiny"
    assert manifest.training["datasets"] == [{"name": "crops", "n_train": 32}]
    assert manifest.metrics["int8_same_label"]["n"] == 8
    assert sorted(p.name for p in (tiny_models / "runs" / "tiny").iterdir()) == [
        "epochs.jsonl",
        "run.json",
    ]


def test_unfinished_run_is_not_exported(tiny_split: Split, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"model\.keras"):
        export(tmp_path, tiny_split, tmp_path / "models", float_too=False)
    assert not (tmp_path / "models").exists()
