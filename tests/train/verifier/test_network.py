import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskdet_core.faces.verifier_network import VerifierNetwork
from train.errors import RunError
from train.verifier.batches import BatchConfig, BatchSource, plain
from train.verifier.framing import FIRST_LOOK, SECOND_LOOK, Framing
from train.verifier.network import (
    SECOND_NETWORK,
    VerifierConfig,
    build_model,
    fit_verifier,
    load_verifier,
    to_int8,
)
from train.verifier.samples import Samples

TINY = VerifierConfig(
    layers=((8, 2), (8, 2), (8, 2)),
    hidden=8,
    epochs=2,
    steps=12,
    learning_rate=0.02,
    batches=BatchConfig(32, light=0.1, offset=5.0, noisy=0.0),
)


def samples(framing: Framing = FIRST_LOOK) -> Samples:
    """Bright squares on dark ground are faces; ground alone is none."""
    rng = np.random.default_rng(0)
    px = framing.stored_px
    crops = rng.integers(20, 60, (60, px, px, 3), np.uint8)
    crops[:30, 2 * px // 7 : 5 * px // 7, px // 3 : 2 * px // 3] += 150
    faces = np.full((60, 4), np.nan, np.float32)
    faces[:30] = (-0.385, -0.5, 0.77, 1.0)
    return Samples(crops, faces, framing)


@pytest.fixture(scope="module")
def source() -> BatchSource:
    return BatchSource(samples(), TINY.batches, 0)


@pytest.fixture(scope="module")
def run(source: BatchSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole training."""
    folder = tmp_path_factory.mktemp("verifier") / "run"
    fit_verifier(TINY, source, folder)
    return folder


def epochs(folder: Path) -> list[int]:
    lines = (folder / "epochs.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["epoch"] for line in lines]


def test_trained_network_tells_faces_in_int8_as_in_float(run: Path) -> None:
    crops = plain(samples())
    model = load_verifier(run / "final.keras")
    network = VerifierNetwork(to_int8(model, crops), FIRST_LOOK.input_px)
    looks = network.look(crops, np.tile([100.0, 100.0, 40.0], (60, 1)))
    in_float = np.asarray(model(crops.astype(np.float32))["logit"])[:, 0]
    assert looks.logits[:30].min() > looks.logits[30:].max()
    assert np.corrcoef(looks.logits, in_float)[0, 1] > 0.99


def test_second_network_sees_larger_crops_and_is_read_as_the_first() -> None:
    config = replace(
        SECOND_NETWORK, layers=TINY.layers, hidden=8, epochs=2, steps=12, learning_rate=0.02
    )
    crops = plain(samples(SECOND_LOOK))
    assert crops.shape == (60, SECOND_LOOK.input_px, SECOND_LOOK.input_px, 3)
    network = VerifierNetwork(to_int8(build_model(config), crops), SECOND_LOOK.input_px)
    looks = network.look(crops, np.tile([100.0, 100.0, 40.0], (60, 1)))
    assert looks.windows.shape == (60, 3)


def test_interrupted_training_equals_an_uninterrupted_one(
    run: Path, source: BatchSource, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    fit_verifier(replace(TINY, epochs=2), source, folder)
    assert epochs(folder) == [0, 1]
    whole = load_verifier(run / "final.keras").get_weights()
    again = load_verifier(folder / "final.keras").get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(whole, again, strict=True))


def test_a_run_is_not_overwritten_or_resumed_with_other_settings(
    run: Path, source: BatchSource
) -> None:
    with pytest.raises(RunError, match="holds a training"):
        fit_verifier(TINY, source, run)
    with pytest.raises(RunError, match="settings"):
        fit_verifier(replace(TINY, seed=1), source, run, resume=True)
    # nothing is left to do
    fit_verifier(TINY, source, run, resume=True)
    assert epochs(run) == [0, 1]


def test_there_must_be_a_finished_training(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="finished training"):
        load_verifier(tmp_path / "final.keras")
