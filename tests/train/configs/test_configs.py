"""Named configurations, and what the settings do to network, sampling and start weights."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from train import configs
from train.__main__ import main
from train.augment.faces import PLAIN
from train.data.splits.split import Split
from train.errors import RunError
from train.network.config import FitConfig, NetworkConfig
from train.network.vgg19 import build_model

NOTHING = Split([], [], [], [], 0)


@pytest.mark.parametrize("name", configs.names())
def test_every_configuration_loads_and_says_what_it_does(name: str) -> None:
    config, summary = configs.load(name)
    assert isinstance(config, FitConfig)
    assert 10 < len(summary) < 100
    assert not summary.endswith(".")


def test_each_ablation_differs_from_what_ships() -> None:
    shipped, _ = configs.load(configs.DEFAULT)
    others = [configs.load(name)[0] for name in configs.names()[1:]]
    assert all(other != shipped for other in others)
    assert len({repr(other) for other in others}) == len(others)


def test_unknown_configuration_names_the_known() -> None:
    with pytest.raises(RunError, match="maskdet, "):
        configs.load("nonsense")


def test_record_holds_no_private_folders() -> None:
    assert FitConfig(weights="/home/me/start.npz").record()["weights"] == "start.npz"
    assert FitConfig(weights="/home/me/runs/first/model.keras").record()["weights"] == "first"
    assert json.loads(json.dumps(FitConfig().record()))["network"]["head"] == "pooled"


def test_baseline_takes_the_blocks_that_have_weights(tmp_path: Path, crop_set: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "one.npz"
    base = build_model("none", NetworkConfig(blocks=1))
    np.savez(
        path,
        **{
            f"block1_conv{i}.{part}": rng.normal(0, 0.1, value.shape).astype(np.float32)
            for i in (1, 2)
            for part, value in zip(
                ("kernel", "bias"), base.get_layer(f"block1_conv{i}").get_weights(), strict=True
            )
        },
    )
    argv = ["fit", "--data", str(crop_set), "--config", "original", "--weights", str(path)]
    argv += ["--out", str(tmp_path / "run"), "--frozen-epochs", "1", "--full-epochs", "0"]
    argv += ["--epoch-samples", "8", "--batch-size", "4", "--precision", "float32"]
    assert main(argv) == 0
    config = json.loads((tmp_path / "run" / "run.json").read_text())["config"]
    assert config["network"]["blocks"] == 1
    assert config["augment"]["blur"] == PLAIN.blur == 0
    trained = keras.models.load_model(tmp_path / "run" / "model.keras")
    with np.load(path) as start:
        np.testing.assert_array_equal(
            trained.get_layer("block1_conv1").get_weights()[0],
            start["block1_conv1.kernel"][:, :, ::-1],
        )
    assert trained.output_shape == (None, 2)
