import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core import FaceBox, MaskDetector, ModelError, Verdict, load_finder
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.loading import DEFAULT_MANIFEST
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.masks.face_rule import FaceRule

Stub = Callable[..., Any]


def test_faces_are_classified_in_the_finders_order(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    boxes = [FaceBox(i * 20, 10, 10, 12, 9.0 - i) for i in range(3)]
    detector = MaskDetector(stub_finder(*boxes), stub_classifier(0.9, 0.1, 0.5))
    found = detector.detect(np.zeros((48, 64, 3), np.uint8))
    assert (found.width_px, found.height_px) == (64, 48)
    assert [face.box for face in found] == boxes
    assert [face.verdict for face in found] == [
        Verdict.WITH_MASK,
        Verdict.WITHOUT_MASK,
        Verdict.NOT_SURE,
    ]


def test_threshold_of_the_call_overrides_the_detectors_and_the_manifests(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    finder, classifier = stub_finder(FaceBox(1, 1, 5, 5, 1.0)), stub_classifier(0.7)
    image = np.zeros((9, 9, 3), np.uint8)
    assert MaskDetector(finder, classifier).min_confidence == 0.6
    strict = MaskDetector(finder, classifier, min_confidence=0.8)
    assert strict.detect(image).faces[0].verdict is Verdict.NOT_SURE
    assert strict.detect(image, min_confidence=0.6).faces[0].verdict is Verdict.WITH_MASK


def test_worn_wrong_counts_as_no_mask_where_the_call_or_the_detector_asks_for_it(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    finder, classifier = stub_finder(FaceBox(1, 1, 5, 5, 1.0)), stub_classifier(0.1)
    classifier.p_worn_wrong = 0.7
    image = np.zeros((9, 9, 3), np.uint8)
    of_three = MaskDetector(finder, classifier)
    of_two = MaskDetector(finder, classifier, two_classes=True)
    assert of_three.detect(image).faces[0].verdict is Verdict.WORN_WRONG
    assert of_three.detect(image, two_classes=True).faces[0].verdict is Verdict.WITHOUT_MASK
    assert of_two.detect(image).faces[0].verdict is Verdict.WITHOUT_MASK
    assert of_two.detect(image).two_classes
    face = of_two.detect(image, two_classes=False).faces[0]
    assert face.verdict is Verdict.WORN_WRONG
    assert face.probabilities == pytest.approx((0.1, 0.7, 0.2))


def test_two_classes_of_a_loaded_detector(stub_classifier: Stub) -> None:
    assert MaskDetector.load(stub_classifier(0.9), two_classes=True).two_classes
    assert not MaskDetector.load(stub_classifier(0.9)).two_classes


@pytest.mark.parametrize("p", [math.nan, math.inf])
def test_probability_that_is_not_finite_is_not_sure(
    p: float, stub_finder: Stub, stub_classifier: Stub
) -> None:
    detector = MaskDetector(stub_finder(FaceBox(1, 1, 5, 5, 1.0)), stub_classifier(p))
    assert detector.detect(np.zeros((9, 9, 3), np.uint8)).faces[0].verdict is Verdict.NOT_SURE


def test_candidates_that_are_no_faces_are_rejected(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    boxes = [FaceBox(i * 20, 10, 10, 12, 9.0 - i) for i in range(4)]
    classifier = stub_classifier(0.9)
    classifier.p_face = (0.9, 0.49, 0.5, math.nan)
    found = MaskDetector(stub_finder(*boxes), classifier).detect(np.zeros((48, 90, 3), np.uint8))
    assert [face.box for face in found] == [boxes[0], boxes[2], boxes[3]]


def test_face_rule_combines_finder_and_network(stub_finder: Stub, stub_classifier: Stub) -> None:
    # a high score outweighs a low probability, and the other way round
    boxes = [FaceBox(i * 20, 10, 10, 12, score) for i, score in enumerate((9.0, 2.0, 2.0, 0.0))]
    classifier = stub_classifier(0.9)
    classifier.p_face = (0.2, 0.99, 0.2, math.nan)
    rule = FaceRule(finder_weight=1.0, min_log_odds=5.0)
    detector = MaskDetector(stub_finder(*boxes), classifier, face_rule=rule)
    found = detector.detect(np.zeros((48, 90, 3), np.uint8))
    assert [face.box for face in found] == [boxes[0], boxes[1], boxes[3]]


def test_face_rule_weighs_the_height_in_the_longer_side(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    boxes = [FaceBox(0, 0, 40, 50, 2.0), FaceBox(60, 0, 40, 40, 2.0)]
    classifier = stub_classifier(0.9)
    classifier.p_face = (0.5, 0.5)
    # a height of 0.45 of the longer side, 100 px, is the least
    rule = FaceRule(1.0, 2.0 + math.log(0.45), size_weight=1.0)
    detector = MaskDetector(stub_finder(*boxes), classifier, face_rule=rule)
    found = detector.detect(np.zeros((60, 100, 3), np.uint8))
    assert [face.box for face in found] == boxes[:1]


def test_face_rule_of_the_preset_needs_a_finder_with_log_odds(stub_classifier: Stub) -> None:
    classifier = stub_classifier(0.9)
    rules = {"photo": FaceRule(2.0, 3.0), "live": FaceRule(1.0, 4.0)}
    classifier.manifest = replace(
        classifier.manifest, face_rules=rules, rules_finder="maskdet-street"
    )
    assert MaskDetector.load(classifier, "photo").face_rule == rules["photo"]
    assert MaskDetector.load(classifier, "live").face_rule == rules["live"]
    assert MaskDetector.load(classifier, "photo", finder="stock").face_rule is None


def test_face_rule_applies_to_the_finder_that_it_was_fitted_for(stub_classifier: Stub) -> None:
    classifier = stub_classifier(0.9)
    rules = {"photo": FaceRule(2.0, 3.0)}
    # manifests from before there was another finder do not name theirs, which is gone
    for fitted_for in ("", "another"):
        classifier.manifest = replace(
            classifier.manifest, face_rules=rules, rules_finder=fitted_for
        )
        assert MaskDetector.load(classifier, "photo").face_rule is None
    classifier.manifest = replace(classifier.manifest, rules_finder="maskdet-street")
    assert MaskDetector.load(classifier, "photo").face_rule == rules["photo"]


def test_more_candidates_reach_a_face_rule(stub_classifier: Stub) -> None:
    classifier = stub_classifier(0.9)
    alone = MaskDetector.load(classifier, "photo").finder
    classifier.manifest = replace(
        classifier.manifest, face_rules={"photo": FaceRule(2.0, 3.0)}, rules_finder="maskdet-street"
    )
    judged = MaskDetector.load(classifier, "photo").finder
    assert isinstance(alone, CascadeFaceFinder) and isinstance(judged, CascadeFaceFinder)
    assert judged.settings.min_score == alone.settings.candidate_score
    assert judged.settings.min_score < alone.settings.min_score
    # there the finder alone decides
    assert (
        MaskDetector.load(classifier, "live").finder.settings
        == (  # type: ignore[attr-defined]
            CascadeManifest.load(DEFAULT_MANIFEST).presets["live"]
        )
    )


def test_face_across_the_edge_is_clipped_and_its_crop_is_whole(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    classifier = stub_classifier(0.9)
    boxes = FaceBox(-10, -10, 30, 30, 2.0), FaceBox(70, 70, 30, 30, 1.0)
    found = MaskDetector(stub_finder(*boxes), classifier).detect(np.full((64, 64, 3), 5, np.uint8))
    assert [face.box.xywh for face in found] == [(0, 0, 20, 20)]
    assert classifier.seen[0].shape == (1, 32, 32, 3)
    assert np.all(classifier.seen[0] == 5)


def test_faces_beyond_the_maximum_are_not_classified(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    boxes = [FaceBox(x, 0, 5, 5, 99.0 - x) for x in range(60)]
    classifier = stub_classifier(0.9)
    image = np.zeros((10, 80, 3), np.uint8)
    found = MaskDetector(stub_finder(*boxes), classifier).detect(image)
    assert (len(found), len(found.unjudged)) == (50, 10)
    assert [face.box for face in found] == boxes[:50]
    assert len(classifier.seen[0]) == 50
    assert MaskDetector(stub_finder(*boxes), classifier, max_faces=60).detect(image).unjudged == ()


def test_face_crops_are_those_that_were_classified(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    past_the_edge, inside = FaceBox(-10, -10, 40, 40, 2.0), FaceBox(30, 30, 20, 20, 1.0)
    classifier = stub_classifier(0.9)
    image = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    detector = MaskDetector(stub_finder(past_the_edge, inside), classifier)
    found = detector.detect(image)
    assert found.faces[0].finder_box == past_the_edge
    crops = detector.face_crops(image, found)
    assert np.array_equal(np.stack(crops), classifier.seen[0])
    assert len(classifier.seen) == 1, "cut again without the network"


def test_rejected_candidates_have_no_crop(stub_finder: Stub, stub_classifier: Stub) -> None:
    classifier = stub_classifier(0.9)
    classifier.p_face = (0.1, 0.9)
    boxes = (FaceBox(0, 0, 20, 20, 2.0), FaceBox(30, 30, 20, 20, 1.0))
    image = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    detector = MaskDetector(stub_finder(*boxes), classifier)
    found = detector.detect(image)
    crops = detector.face_crops(image, found)
    assert [face.box for face in found] == [boxes[1]]
    assert np.array_equal(np.stack(crops), classifier.seen[0][1:])


@pytest.mark.parametrize(
    ("outer", "kept"),
    [
        (FaceBox(0, 0, 60, 60, 1.0), 1),  # head and shoulders around a face with a higher score
        (FaceBox(0, 0, 60, 60, 9.0), 2),  # a face with a higher score than the box in it
        (FaceBox(35, 35, 29, 29, 1.0), 2),  # beside, with a small overlap
    ],
)
def test_box_around_a_face_with_a_higher_score_is_rejected(
    outer: FaceBox, kept: int, stub_finder: Stub, stub_classifier: Stub
) -> None:
    inner = FaceBox(20, 20, 20, 20, 5.0)
    boxes = sorted((outer, inner), key=lambda box: -box.score)
    image = np.zeros((64, 64, 3), np.uint8)
    found = MaskDetector(stub_finder(*boxes), stub_classifier(0.9)).detect(image)
    assert len(found) == kept
    assert inner in [face.box for face in found]


def test_an_ear_beside_a_surer_face_is_not_shown_unless_that_face_is_rejected(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    face, ear = FaceBox(10, 20, 40, 40, 5.0), FaceBox(44, 30, 14, 14, 1.0)
    classifier = stub_classifier(0.9)
    detector = MaskDetector(stub_finder(face, ear), classifier)
    image = np.zeros((80, 80, 3), np.uint8)
    assert [found.box for found in detector.detect(image)] == [face]
    classifier.p_face = (0.1, 0.9)
    assert [found.box for found in detector.detect(image)] == [ear]


def test_minimum_height_can_be_set_for_one_call(stub_finder: Stub, stub_classifier: Stub) -> None:
    finder = stub_finder()
    detector = MaskDetector(finder, stub_classifier(0.9))
    image = np.zeros((64, 64, 3), np.uint8)
    detector.detect(image, min_face_px=33)
    detector.detect(image)
    assert finder.asked_px == [33, 24]
    with pytest.raises(ValueError, match="1 or more"):
        detector.detect(image, min_face_px=0)


def test_no_face_is_an_empty_result(blank_image: NDArray[np.uint8], stub_classifier: Stub) -> None:
    classifier = stub_classifier(0.9)
    found = MaskDetector(load_finder("photo"), classifier).detect(blank_image)
    assert (found.faces, len(found.unjudged), classifier.seen) == ((), 0, [])


def test_crops_are_rgb_as_the_picture_is(stub_finder: Stub, stub_classifier: Stub) -> None:
    """Swapped channels anywhere on the way would show blue where red went in."""
    image = np.zeros((40, 40, 3), np.uint8)
    image[..., 0], image[..., 1] = 250, 30
    before = image.copy()
    classifier = stub_classifier(0.9)
    MaskDetector(stub_finder(FaceBox(5, 5, 20, 20, 1.0)), classifier).detect(image)
    assert classifier.seen[0][0, 16, 16].tolist() == [250, 30, 0]
    assert np.array_equal(image, before)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3), np.float32),
        np.zeros((0, 5, 3), np.uint8),
        [[1, 2, 3]],
    ],
)
def test_other_arrays_are_refused(image: Any, stub_finder: Stub, stub_classifier: Stub) -> None:
    with pytest.raises(ValueError, match="expected"):
        MaskDetector(stub_finder(), stub_classifier(0.5)).detect(image)


def test_read_only_views_work(stub_classifier: Stub, portrait: NDArray[np.uint8]) -> None:
    detector = MaskDetector(load_finder("live"), stub_classifier(0.9))
    view = portrait[:, ::-1]
    view.flags.writeable = False
    assert len(detector.detect(view)) >= 1


@pytest.mark.parametrize("numbers", [{"max_faces": 0}, {"min_face_px": 0}, {"min_confidence": 1.0}])
def test_numbers_out_of_range_are_refused(
    numbers: dict[str, Any], stub_finder: Stub, stub_classifier: Stub
) -> None:
    with pytest.raises(ValueError, match="must be"):
        MaskDetector(stub_finder(), stub_classifier(0.5), **numbers)


def test_minimum_height_follows_the_image_unless_set(
    stub_finder: Stub, stub_classifier: Stub
) -> None:
    finder = stub_finder()
    small, large = np.zeros((90, 160, 3), np.uint8), np.zeros((1500, 2000, 3), np.uint8)
    free = MaskDetector(finder, stub_classifier(0.5))
    free.detect(small)
    free.detect(large)
    MaskDetector(finder, stub_classifier(0.5), min_face_px=33).detect(large)
    assert finder.asked_px == [24, 83, 33]


def test_missing_model_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.json"):
        MaskDetector.load(tmp_path / "none.json")


def test_bare_face_is_detected_end_to_end(
    shipped_manifest: Path, portrait: NDArray[np.uint8]
) -> None:
    for preset in ("photo", "live"):
        found = MaskDetector.load(shipped_manifest, preset).detect(portrait)
        assert found.faces[0].verdict is Verdict.WITHOUT_MASK
