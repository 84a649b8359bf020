from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.detector import MaskDetector
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.masks.views import FurtherViews, View

SURE, UNSURE = [6.0, 0.0], [1.0, 0.0]


def gradient() -> NDArray[np.uint8]:
    """A crop that is red to the right and green to the bottom."""
    crop = np.zeros((128, 128, 3), np.uint8)
    crop[..., 0] = np.arange(128)[None, :]
    crop[..., 1] = np.arange(128)[:, None]
    return crop


def test_a_view_as_it_is_changes_nothing() -> None:
    np.testing.assert_array_equal(View().of(gradient()), gradient())


def test_a_mirrored_view_exchanges_left_and_right() -> None:
    np.testing.assert_array_equal(View(mirrored=True).of(gradient()), gradient()[:, ::-1])


def test_a_magnified_crop_shows_its_middle() -> None:
    nearer = View(zoom=2.0).of(gradient())
    assert int(nearer[64, 0, 0]) == pytest.approx(32, abs=1)
    assert int(nearer[64, 127, 0]) == pytest.approx(95, abs=1)
    assert int(nearer[64, 64, 0]) == pytest.approx(64, abs=1)


def test_the_crop_is_not_changed() -> None:
    crop = gradient()
    View(True, 1.12).of(crop)
    np.testing.assert_array_equal(crop, gradient())


def test_a_reduced_crop_repeats_its_border() -> None:
    farther = View(zoom=0.5).of(gradient())
    assert farther[64, :30, 0].tolist() == [0] * 30
    assert farther[64, 98:, 0].tolist() == [127] * 30
    assert int(farther[64, 64, 0]) == pytest.approx(64, abs=1)


@pytest.mark.parametrize("zoom", [0.4, 2.1, np.inf, np.nan])
def test_magnification_out_of_range_is_refused(zoom: float) -> None:
    with pytest.raises(ValueError, match="zoom"):
        View(zoom=zoom)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_probability_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="below"):
        FurtherViews(value, (View(),))
    with pytest.raises(ValueError, match="least_face"):
        FurtherViews(0.9, (View(),), value)


def test_no_views_are_refused() -> None:
    with pytest.raises(ValueError, match="one view or more"):
        FurtherViews(0.9, ())


def test_only_unsure_crops_are_looked_at_again_and_averaged() -> None:
    seen: list[NDArray[np.uint8]] = []

    def again(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        seen.append(crops)
        return np.array([[-2.0, 0.0], [-5.0, 3.0]])

    crops = np.stack([gradient(), 255 - gradient(), gradient()])
    first = np.array([SURE, UNSURE, [0.0, 7.0]])
    views = FurtherViews(0.98, (View(mirrored=True), View(zoom=2.0)))
    got = views.averaged(crops, first, again)
    np.testing.assert_allclose(got, [SURE, [-2.0, 1.0], [0.0, 7.0]])
    np.testing.assert_array_equal(first, [SURE, UNSURE, [0.0, 7.0]])
    (asked,) = seen
    np.testing.assert_array_equal(
        asked, [View(mirrored=True).of(255 - gradient()), View(zoom=2.0).of(255 - gradient())]
    )


@pytest.mark.parametrize(("least_face", "is_asked"), [(0.1, True), (0.3, False)])
def test_what_is_hardly_a_face_is_not_looked_at_again(least_face: float, is_asked: bool) -> None:
    asked: list[int] = []

    def again(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        asked.append(len(crops))
        return np.zeros((len(crops), 3))

    # a face with a probability of 0.2
    first = np.log([[0.1, 0.8, 0.1]])
    views = FurtherViews(0.98, (View(mirrored=True),), least_face)
    views.averaged(gradient()[None], first, again, 1)
    assert asked == ([1] if is_asked else [])
    # a network without that output knows no such crops
    views.averaged(gradient()[None], first, again)
    assert len(asked) == 1 + is_asked


def test_nothing_is_asked_where_all_are_sure_or_failed() -> None:
    def never(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        raise AssertionError

    first = np.array([SURE, [np.nan, 0.0], [np.inf, 0.0]])
    got = FurtherViews(0.98, (View(mirrored=True),)).averaged(
        np.stack([gradient()] * 3), first, never
    )
    np.testing.assert_array_equal(got, first)


VIEWS = FurtherViews(1.0, (View(zoom=1.12), View(mirrored=True)))
"""Of every crop: even the highest probability is below 1."""


@pytest.fixture(scope="module")
def shipped(shipped_manifest: Path) -> MaskClassifier:
    """The shipped network, unsure of every crop."""
    manifest = replace(ModelManifest.load(shipped_manifest), further_views=VIEWS)
    return MaskClassifier(manifest.read_model(shipped_manifest.parent), manifest, n_threads=1)


@pytest.fixture(scope="module")
def unclear() -> NDArray[np.uint8]:
    """Crops of noise, of which no network is sure."""
    return np.random.default_rng(3).integers(0, 256, (3, 128, 128, 3), dtype=np.uint8)


def test_the_classifier_averages_over_views(
    shipped: MaskClassifier, unclear: NDArray[np.uint8]
) -> None:
    once = shipped.with_one_view()
    views = [unclear, *(np.stack([view.of(c) for c in unclear]) for view in VIEWS.views)]
    expected = np.mean([once.logits(crops) for crops in views], axis=0)
    np.testing.assert_allclose(shipped.logits(unclear), expected)
    assert np.abs(once.logits(unclear) - expected).max() > 0.1
    assert once.manifest.further_views is None
    assert shipped.manifest.further_views == VIEWS


def test_the_activation_map_is_of_the_averaged_logits(
    shipped: MaskClassifier, unclear: NDArray[np.uint8]
) -> None:
    maps = shipped.activation_map(unclear)
    assert maps is not None
    p = shipped.predict(unclear).p_with_mask
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), np.log(p / (1 - p)), atol=1e-6)


def test_a_live_detector_looks_once_and_a_photo_s_again(shipped: MaskClassifier) -> None:
    live, photo = MaskDetector.load(shipped, "live"), MaskDetector.load(shipped, "photo")
    assert live.classifier.manifest.further_views is None
    assert photo.classifier is shipped
