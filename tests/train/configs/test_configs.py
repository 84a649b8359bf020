"""Named configurations, and what the settings do to network, sampling and start weights."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from train import configs
from train.__main__ import main
from train.augment.faces import PLAIN, AugmentConfig
from train.data.datasets import FaceSample
from train.data.split import Split
from train.errors import RunError, WeightsError
from train.network.batches import AugmentedFaces
from train.network.config import HEAD_ONLY, FitConfig, NetworkConfig
from train.network.fit import fit
from train.network.vgg19 import blocks_given, build_model, train_from

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


@pytest.mark.parametrize(
    ("network", "shape", "features"),
    [
        (NetworkConfig(), (None, 3), 512),
        (NetworkConfig(no_face=False), (None, 2), 512),
        (NetworkConfig(head="flat"), (None, 3), 4 * 4 * 512),
        (NetworkConfig(head="flat", blocks=3), (None, 3), 16 * 16 * 256),
    ],
)
def test_network_is_built_as_asked(
    network: NetworkConfig, shape: tuple[int | None, int], features: int
) -> None:
    model = build_model("none", network)
    assert model.output_shape == shape
    assert model.get_layer("logits").kernel.shape == (features, shape[1])


def test_unit_range_divides_and_mean_is_subtracted() -> None:
    rgb = np.full((1, 128, 128, 3), 255, np.float32)
    for network, layer, expected in (
        (NetworkConfig(preprocessing="unit_range"), "unit", 1.0),
        (NetworkConfig(), "centre", 255 - 123.68),
    ):
        model = build_model("none", network)
        out = keras.Model(model.input, model.get_layer(layer).output)(rgb)
        np.testing.assert_allclose(float(out[0, 0, 0, 0]), expected, rtol=1e-5)


@pytest.mark.parametrize(("block", "trained"), [(1, 16), (4, 8), (5, 4), (HEAD_ONLY, 0)])
def test_blocks_before_the_first_trained_one_are_fixed(block: int, trained: int) -> None:
    model = build_model("none")
    train_from(model, block)
    convolutions = [layer for layer in model.layers if "_conv" in layer.name]
    assert [layer.trainable for layer in convolutions] == [False] * (16 - trained) + [
        True
    ] * trained
    assert model.get_layer("logits").trainable


def test_start_weights_tell_how_many_blocks_they_hold(tmp_path: Path) -> None:
    assert blocks_given("none") == 0
    assert blocks_given("imagenet") == 5
    path = tmp_path / "some.npz"
    layers = ("block1_conv1", "block1_conv2", "block2_conv1")
    np.savez(path, **{f"{name}.kernel": np.zeros(1) for name in layers})
    assert blocks_given(str(path)) == 1


def test_earlier_run_gives_start_weights(tmp_path: Path) -> None:
    first = build_model("none")
    path = tmp_path / "model.keras"
    first.save(path)
    for expected, got in zip(
        first.get_weights(), build_model(str(path)).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(got, expected)
    with pytest.raises(WeightsError, match=r"model\.keras"):
        build_model(str(path), NetworkConfig(no_face=False))


def test_start_weights_that_saw_a_set_to_hold_out_are_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"config": {"hold_out": ["other"]}}))
    config = FitConfig(
        weights=str(tmp_path / "model.keras"), hands=False, hold_out=("other", "street-853")
    )
    with pytest.raises(RunError, match="held out street-853 too"):
        fit(config, NOTHING, None, tmp_path / "run", None, resume=False)


def test_missing_hands_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="--hands DIR"):
        fit(FitConfig(), NOTHING, None, tmp_path / "run", None, resume=False)
    assert not (tmp_path / "run").exists()


def test_sets_are_drawn_by_the_root_of_their_size() -> None:
    samples = [
        FaceSample(Path(f"{name}{label}{i}"), label, name, "train", None)
        for name, n in (("big", 400), ("small", 25))
        for label in (0, 1)
        for i in range(n)
    ]

    def share_of_big(balance: float) -> float:
        faces = AugmentedFaces(
            samples,
            batch_size=32,
            epoch_samples=960,
            set_balance=balance,
            seed=1,
            epoch=0,
            config=AugmentConfig(),
            hands=None,
        )
        drawn = [samples[i] for i in faces._order]
        assert [sample.label for sample in drawn[:4]] == [0, 1, 0, 1]
        return float(np.mean([sample.dataset == "big" for sample in drawn]))

    assert share_of_big(1.0) == pytest.approx(16 / 17, abs=0.01)
    assert share_of_big(0.5) == pytest.approx(4 / 5, abs=0.01)
    assert share_of_big(0.0) == pytest.approx(1 / 2, abs=0.01)


def test_baseline_takes_the_blocks_that_have_weights(tmp_path: Path, crop_set: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "one.npz"
    base = build_model("none")
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
