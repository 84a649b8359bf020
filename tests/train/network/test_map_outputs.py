"""Outputs for class activation maps: nothing else of a network changes."""

import re
from pathlib import Path

import numpy as np
import pytest

from maskdet_core import ModelError
from maskdet_core.faces.loading import DEFAULT_MANIFEST as FINDER
from maskdet_core.litert import LiteRtNetwork
from maskdet_core.masks.classifier import FEATURES, HEAD_KERNEL
from maskdet_core.masks.loading import WHOLE_MODEL
from train.data.splits.split import Split
from train.errors import WeightsError
from train.network.config import NetworkConfig
from train.network.export import to_int8
from train.network.map_outputs import with_map_outputs
from train.network.tflite_weights import read_tflite
from train.network.vgg19 import build_model


def load(model: bytes) -> LiteRtNetwork:
    return LiteRtNetwork(model, source="m", n_threads=2, error=ModelError)


@pytest.fixture(scope="module")
def older() -> bytes:
    """A network with spatial logits as its second output."""
    return WHOLE_MODEL.with_suffix(".tflite").read_bytes()


@pytest.fixture(scope="module")
def rewritten(older: bytes) -> bytes:
    return with_map_outputs(older)


def test_outputs_are_named_and_spatial_logits_go(rewritten: bytes) -> None:
    network = load(rewritten)
    logits, features, kernel = network.outputs
    assert (features.name, features.shape) == (FEATURES, (1, 8, 8, 512))
    assert (kernel.name, kernel.shape) == (HEAD_KERNEL, (3, 512))
    assert logits.shape == (1, 3)
    assert with_map_outputs(rewritten) == rewritten


def test_weights_and_logits_stay(older: bytes, rewritten: bytes, tmp_path: Path) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), np.uint8)
    before, after = load(older), load(rewritten)
    ours = next(one for one in before.outputs if len(one.shape) == 2)
    for crop in crops:
        (kept,), (got,) = before.run(crop[None], ours), after.run(crop[None], after.outputs[0])
        assert np.array_equal(got, kept)
    (tmp_path / "m.tflite").write_bytes(rewritten)
    manifest = WHOLE_MODEL.read_text(encoding="utf-8")
    (tmp_path / "m.json").write_text(manifest, encoding="utf-8")
    was, now = read_tflite(WHOLE_MODEL.with_suffix(".tflite")), read_tflite(tmp_path / "m.tflite")
    for name in was.layers:
        assert np.array_equal(now.kernels[name], was.kernels[name])
        assert np.array_equal(now.biases[name], was.biases[name])


def test_other_networks_are_refused() -> None:
    verifier = FINDER.with_name("maskdet-haar-first.tflite").read_bytes()
    with pytest.raises(WeightsError, match=re.escape("expected 2 x 2 max pooling, the average")):
        with_map_outputs(verifier)


def test_network_with_the_flat_head_stays_as_it_is(tiny_split: Split) -> None:
    network = NetworkConfig(head="flat", blocks=2, widths=(8, 8, 8, 8, 8))
    exported = to_int8(build_model("none", network), tiny_split.train[:2])
    assert [len(one.shape) for one in load(exported).outputs] == [2]
