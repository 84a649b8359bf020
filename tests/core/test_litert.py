from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import CascadeError, MaskdetError, ModelError
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.litert import LiteRtNetwork, Tensor

FILE = DEFAULT_MANIFEST.with_name("maskdet-haar-first.tflite")
SHAPE = (32, 32, 3)


def load() -> LiteRtNetwork:
    return LiteRtNetwork(FILE.read_bytes(), source=FILE.name, n_threads=1, error=CascadeError)


def crops(n: int) -> NDArray[np.uint8]:
    return np.random.default_rng(n).integers(0, 256, (n, *SHAPE), dtype=np.uint8)


def test_tensors_are_read_from_the_file() -> None:
    network = load()
    assert [(one.shape, one.dtype) for one in network.inputs] == [((1, *SHAPE), "uint8")]
    assert sorted(one.shape for one in network.outputs) == [(1, 1), (1, 3)]
    assert network.inputs[0].scales == pytest.approx([1 / 60], rel=1e-3)
    assert [one.scales for one in network.outputs] == [(), ()]


@pytest.mark.parametrize("error", [CascadeError, ModelError])
def test_content_that_is_no_network_is_refused(error: type[MaskdetError]) -> None:
    for content in (b"", b"not a network", FILE.read_bytes()[:64]):
        with pytest.raises(error, match=r"^mine\.tflite: expected a LiteRT network, got: "):
            LiteRtNetwork(content, source="mine.tflite", n_threads=1, error=error)


def test_batches_of_any_size_follow_each_other() -> None:
    network = load()
    seen = crops(9)
    expected = np.concatenate([network.run(seen[i : i + 1], *network.outputs)[0] for i in range(9)])
    assert len(np.unique(expected, axis=0)) > 1
    for n in (9, 1, 4, 4, 9):
        values, _ = network.run(seen[:n], *network.outputs)
        assert values.dtype == np.float64
        assert values == pytest.approx(expected[:n], abs=1e-6)


def test_outputs_come_in_the_order_asked_for_and_are_not_overwritten() -> None:
    network = load()
    first, second = network.outputs
    a, b = network.run(crops(2), first, second)
    kept = a.copy()
    swapped = network.run(crops(2), second, first)
    assert (a.shape[1:], b.shape[1:]) == (first.shape[1:], second.shape[1:])
    assert np.array_equal(swapped[0], b)
    assert np.array_equal(swapped[1], a)
    network.run(255 - crops(2), first)
    assert np.array_equal(a, kept)


def test_crops_need_not_be_contiguous_and_stay_as_they_are() -> None:
    network = load()
    wide = crops(4)
    before = wide.copy()
    turned = network.run(wide[::2, :, ::-1], *network.outputs)[0]
    assert np.array_equal(turned, network.run(wide[::2, :, ::-1].copy(), *network.outputs)[0])
    assert np.array_equal(wide, before)


def test_threads_with_batches_of_their_own_share_one_network() -> None:
    network = load()
    seen = {n: crops(n) for n in (1, 3, 7, 9)}
    alone = {n: load().run(batch, *network.outputs) for n, batch in seen.items()}
    sizes = list(seen) * 8
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda n: network.run(seen[n], *network.outputs), sizes))
    for n, values in zip(sizes, together, strict=True):
        for got, expected in zip(values, alone[n], strict=True):
            assert got == pytest.approx(expected, abs=1e-6)


def tensor(shape: tuple[int, ...], scales: tuple[float, ...], *zero_points: int) -> Tensor:
    return Tensor(0, "t", shape, "int8", scales, zero_points, axis=0)


def test_quantized_values_become_real_numbers() -> None:
    real = tensor((1, 3), (0.5,), -10).real(np.array([[-10, -8, 127]], np.int8))
    assert real.tolist() == [[0.0, 1.0, 68.5]]
    assert real.dtype == np.float64
    rows = tensor((2, 2), (0.5, 2.0), 0, 1).real(np.array([[4, -2], [4, -2]], np.int8))
    assert rows.tolist() == [[2.0, -1.0], [6.0, -6.0]]
    floats = np.array([[0.25, -3.0]], np.float32)
    assert tensor((1, 2), ()).real(floats).tolist() == [[0.25, -3.0]]
