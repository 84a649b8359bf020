"""`fit` with wrong input: one line, nothing left behind, and the right command works afterwards."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.train.conftest import write_picture
from train.__main__ import main
from train.network.config import FitConfig

SMALL = ["--no-hands", "--finder", "stock", "--frozen-epochs", "1", "--full-epochs", "1"]


def fit(data: Path, out: Path, *more: str) -> int:
    return main(["fit", "--data", str(data), "--out", str(out), *SMALL, *more])


@pytest.fixture
def four_pictures(tmp_path: Path) -> Path:
    root = tmp_path / "four"
    for seed, folder in enumerate(("WithMask", "WithoutMask")):
        for i in range(2):
            write_picture(root / "Train" / folder / f"{i}.jpg", 2 * seed + i)
    return root


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    return lines[0]


def write_wrong_weights(folder: Path) -> None:
    """Files that exist and are no start weights of this network."""
    (folder / "text.npz").write_text("hello\n")
    (folder / "text.keras").write_text("hello\n")
    (folder / "empty.npz").touch()
    np.savez(folder / "whole.npz", **{"block1_conv1.kernel": np.zeros((2, 2))})
    (folder / "cut.npz").write_bytes((folder / "whole.npz").read_bytes()[:200])
    with (folder / "single.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    np.savez(folder / "nothing.npz")
    np.savez(folder / "names.npz", other=np.zeros(3))
    np.savez(
        folder / "shapes.npz",
        **{"block1_conv1.kernel": np.zeros((2, 2)), "block1_conv1.bias": np.zeros(2)},
    )
    (folder / "archive.keras").write_bytes((folder / "names.npz").read_bytes())
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(folder / "other.keras")


def test_set_of_four_pictures_is_one_line_and_leaves_nothing(
    four_pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert fit(four_pictures, out, "--weights", "none") == 1
    assert "add pictures" in one_line(capsys)
    assert not out.exists()


@pytest.mark.parametrize("name", ["missing.npz", "missing/model.keras", "imagnet", "."])
def test_mistyped_weights_are_named_before_pictures_are_read(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / name
    assert fit(tmp_path / "no pictures", tmp_path / "run", "--weights", str(weights)) == 1
    assert str(weights) in one_line(capsys)


@pytest.mark.parametrize(
    "name",
    [
        *(f"{name}.npz" for name in ("text", "empty", "cut", "single", "nothing")),
        *("names.npz", "shapes.npz", "text.keras", "archive.keras", "other.keras"),
    ],
)
def test_weights_of_a_wrong_kind_are_one_line_and_leave_nothing(
    name: str, crop_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wrong_weights(tmp_path)
    capsys.readouterr()
    weights, out = tmp_path / name, tmp_path / "run"
    assert fit(crop_set, out, "--weights", str(weights)) == 1
    assert str(weights) in one_line(capsys)
    assert not out.exists()


def test_mistyped_finder_is_one_line(
    crop_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finder, out = tmp_path / "missing.json", tmp_path / "run"
    assert fit(crop_set, out, "--weights", "none", "--finder", str(finder)) == 1
    assert str(finder) in one_line(capsys)
    assert not out.exists()


def test_mistyped_configuration_is_wrong_usage(
    crop_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        fit(crop_set, tmp_path / "run", "--config", "maskdte")
    assert exit_info.value.code == 2
    assert "invalid choice: 'maskdte'" in capsys.readouterr().err.splitlines()[-1]


def test_right_command_works_in_the_same_folder(
    crop_set: Path,
    four_pictures: Path,
    tiny_config: FitConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("train.commands.fit.configs.load", lambda _: (tiny_config, ""))
    out = tmp_path / "run"
    right = ["--weights", "none"]
    assert fit(four_pictures, out, *right) == 1
    assert fit(crop_set, out, "--weights", str(tmp_path / "missing.npz")) == 1
    with monkeypatch.context() as patch:
        # what fails after the folder is made, but before an epoch is whole
        patch.setattr("train.network.fit.train_phase", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fit(crop_set, out, *right, "--seed", "1")
    try:
        assert fit(crop_set, out, *right) == 0
    finally:
        keras.mixed_precision.set_global_policy("float32")
        keras.backend.clear_session()
    assert json.loads((out / "run.json").read_text())["status"] == "finished"
    # one that holds epochs is kept
    assert fit(crop_set, out, *right) == 1
