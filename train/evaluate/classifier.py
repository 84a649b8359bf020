"""Measure the exported network: its tests, loose boxes, people, and whole photographs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskdet_core.detector import PRESETS, MaskDetector
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.records.evaluation import (
    EVALUATION_FILE,
    AgreementRecord,
    EvaluationRecord,
    LooseBoxRecord,
    MistakeRecord,
    OutcomeRecord,
    PeopleTestRecord,
    RateRecord,
    TestSetRecord,
    WholePhotosRecord,
)
from maskdet_core.types import MASK_CLASSES
from train.data.annotations.photos import labelled_photos
from train.data.faces.datasets import FaceSample, read_covered_other
from train.data.faces.people import read_people
from train.data.files.records import now_iso, write_json
from train.data.splits.finder_data import Photo, held_out_photos
from train.data.splits.split import Split
from train.errors import RunError
from train.evaluate import test_sets
from train.evaluate.calibration import (
    OFFSETS,
    calibration_error,
    class_calibration_error,
    risk_coverage,
)
from train.evaluate.judged import Judged, outcome_counts, outcomes, truths
from train.evaluate.loose_boxes import checked_rates, loose_tests, measure_loose
from train.evaluate.metrics import by_threshold, evaluate_set, label_agreement
from train.evaluate.people import measure_people, people_tests
from train.evaluate.rates import rates
from train.evaluate.test_sets import FaceTest
from train.evaluate.whole_photos import whole_labelled_photos, whole_photos
from train.model_card.card import write_model_card
from train.network.run_folder import RunFolder
from train.shipped import FINDER, NETWORK

Carried = TypeVar("Carried", TestSetRecord, AgreementRecord)

FORMAT = 2
"""Of the record: 1 had two classes and calibrated the probability of a mask."""
CROPS = "maskdet_core.masks.crops.square_crop"
"""The function that cuts the measured crops; earlier records, without one, used an affine warp."""
HELD_OUT = "-held-out"
"""In the slugs of sets measured with another run, which held these sets out."""
CARRIED_OVER = "Carried over from the evaluation"
"""Begins the note of a figure that was not measured again."""
STREET_NAME: Final = "Street photographs, test and val"
N_WORST = 24
"""Mistakes named for each set, the most confident first."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What an evaluation can have beside the picture sets; None leaves a part out.

    Attributes:
        hands: pictures of hands, for the test with hands.
        people: folder of bare faces with group, age and gender.
        held_out_run: a run of the same recipe that held sets out, to measure on these; without it
            these sets are carried over from the earlier evaluation, where there is one.
        mistakes: file for the names of wrongly labelled pictures; it is not part of the record.
    """

    hands: Path | None = None
    people: Path | None = None
    held_out_run: Path | None = None
    mistakes: Path | None = None


def evaluate(
    run: Path, split: Split, roots: Sequence[Path], models: Path, extras: Extras | None = None
) -> Path:
    """Write `evaluation.json` beside the exported run's records and figures into the manifest.

    Args:
        run: folder of the run that was exported. Where it holds no `model.keras`, int8_vs_float is
            carried over from the run's earlier evaluation.
        split: faces by side.
        roots: folders of the sets; on their whole photographs the detector is measured.
        models: folder of the exported network.
        extras: further parts of the evaluation.

    Raises:
        RunError: neither a float network nor an earlier evaluation to compare int8 with.
        DataError: an extra's folder holds something else.
    """
    extras = extras or Extras()
    path = models / "runs" / RunFolder(run).read()["name"] / EVALUATION_FILE
    earlier = _earlier(path)
    manifest_path = models / f"{NETWORK}.json"
    classifier = MaskClassifier.from_manifest(manifest_path)
    manifest = classifier.manifest
    sets: list[TestSetRecord] = []
    mistakes: list[MistakeRecord] = []
    for test in _tests(split, extras.hands):
        logits = _int8_logits(classifier, test.crops)
        sets += measure(test, logits, manifest)
        mistakes += worst_mistakes(test, logits, manifest)
    if extras.held_out_run is not None:
        sets += list(_measure_held_out(extras.held_out_run, split, manifest))
    else:
        old = [one for one in earlier.get("sets", []) if HELD_OUT in one["slug"]]
        sets += [_carried_over(one, earlier) for one in old]
    loose = _loose_boxes(classifier, split)
    finder = models / f"{FINDER}.json"
    _, photos = held_out_photos(roots, split)
    record: EvaluationRecord = {
        "format": FORMAT,
        "created": now_iso(),
        "model": NETWORK,
        "crops": CROPS,
        "min_confidence": manifest.min_confidence,
        "classes": list(MASK_CLASSES),
        "published_test": {
            "n": len(split.published_test),
            "n_with_relative": split.n_published_test_with_relative,
        },
        "sets": sets,
        "rates": [*rates(sets, loose), *_checked_rates(classifier, split, finder)],
        "loose_boxes": loose,
        "int8_vs_float": _int8_vs_float(run, classifier, split, earlier),
    }
    covered = [face for root in roots for face in read_covered_other(root, "test")]
    if covered:
        record["covered_other"] = _covered_other(classifier, covered)
    if extras.people is not None:
        record["people"] = _people(classifier, extras.people)
    whole = list(_whole_photos(classifier, photos, roots, finder))
    if whole:
        record["whole_photos"] = whole
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, record)
    if extras.mistakes is not None:
        write_json(extras.mistakes, mistakes)
    for rate in record["rates"]:
        print(f"{rate['name']}: {rate['n_hits']} of {rate['n']}, {rate['value']:.2%}")
    metrics = {
        s["slug"]: {
            "n": s["n"],
            "n_correct": s["n_correct"],
            "value": s["accuracy"],
            "ci95": s["ci95"],
        }
        for s in sets
    }
    kept = {"int8_same_label": manifest.metrics["int8_same_label"]}
    replace(manifest, metrics=kept | metrics).save(manifest_path)
    write_model_card(models)
    return path


def _tests(split: Split, hands: Path | None) -> Iterator[FaceTest]:
    yield from test_sets.published(split)
    yield test_sets.leak_free(split)
    yield from test_sets.street(split)
    yield from test_sets.wild(split)
    if hands is not None:
        yield test_sets.hands(split, hands)
    yield from test_sets.objects(split)


def _earlier(path: Path) -> dict[str, Any]:
    """The run's earlier evaluation, empty where there is none."""
    if not path.is_file():
        return {}
    record = json.loads(path.read_text(encoding="utf-8"))
    return record if isinstance(record, dict) else {}


def _carried_over(measured: Carried, earlier: dict[str, Any]) -> Carried:
    """A figure of an earlier evaluation, with a note of when and on which crops it was measured."""
    note = measured.get("note", "")
    if CARRIED_OVER not in note:
        crops = earlier.get("crops", "an affine warp that training used")
        origin = f"{CARRIED_OVER} of {earlier.get('created', '?')}; crops cut by {crops}."
        measured = measured.copy()
        measured["note"] = f"{note} {origin}".strip()
    return measured


def _int8_vs_float(
    run: Path, classifier: MaskClassifier, split: Split, earlier: dict[str, Any]
) -> AgreementRecord:
    """Agreement of the exported network with the float one on the validation faces.

    Raises:
        RunError: no float network in the run, and no earlier evaluation to carry over.
    """
    if not RunFolder(run).final.exists() and "int8_vs_float" in earlier:
        return _carried_over(cast(AgreementRecord, earlier["int8_vs_float"]), earlier)
    # TensorFlow takes seconds to load, and only float networks need it
    from train.network.export import add_offsets, float_logits, load_trained

    in_float = load_trained(run)
    crops = test_sets.crops_of(split.validation)
    manifest = classifier.manifest
    offsets = manifest.training.get(OFFSETS, {})
    add_offsets(in_float, [offsets.get(name, 0.0) for name in manifest.classes])
    in_int8 = classifier.with_one_view().logits(crops)
    return label_agreement(float_logits(in_float, crops), in_int8, manifest)


def _int8_logits(classifier: MaskClassifier, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows = [
        classifier.logits(crops[i : i + 1]) for i in tqdm(range(len(crops)), "faces", unit="face")
    ]
    return np.concatenate(rows)


def _measure_held_out(run: Path, split: Split, manifest: ModelManifest) -> Iterator[TestSetRecord]:
    """A network in float32, since it is not exported; thresholds are those of the shipped one."""
    from train.network.export import float_logits, load_trained, network_of

    names = RunFolder(run).read()["config"].get("hold_out", [])
    if not names:
        raise RunError(f"expected a run that held sets out, {run} was trained on all")
    model = load_trained(run)
    manifest = replace(manifest, classes=network_of(run).outputs)
    for name in names:
        test = test_sets.held_out(split, name)
        yield from measure(test, float_logits(model, test.crops), manifest)


def measure(
    test: FaceTest, logits: NDArray[np.float64], manifest: ModelManifest
) -> Iterator[TestSetRecord]:
    """One record for each part of a test, printed as it is made.

    Args:
        test: faces and their parts.
        logits: (N, n_classes) of its crops.
        manifest: names the classes, the temperature and the thresholds.
    """
    everyone = Judged.of(truths(test.faces), logits, manifest)
    for part in test.parts:
        judged = everyone.part(part.members)
        error, bins = calibration_error(judged.p, judged.truth)
        by_class = class_calibration_error(judged.p, judged.truth)
        result: TestSetRecord = {
            **evaluate_set(part.slug, part.name, test.note, judged),
            "n_no_face": outcome_counts(judged.said)["no_face"],
            "calibration_error": error,
            "class_calibration_error": dict(zip(MASK_CLASSES, by_class.tolist(), strict=True)),
            "calibration": bins,
            "risk_coverage": risk_coverage(judged.p, judged.truth),
            "by_threshold": by_threshold(judged),
        }
        _print(result)
        yield result


def worst_mistakes(
    test: FaceTest, logits: NDArray[np.float64], manifest: ModelManifest
) -> list[MistakeRecord]:
    """The most confident wrong labels of a test's first part, at most `N_WORST`."""
    judged = Judged.of(truths(test.faces), logits, manifest)
    members = test.parts[0].members if test.parts else np.zeros(len(judged), np.bool_)
    wrong = np.flatnonzero(members & ~judged.right)
    confidence = judged.p.max(axis=1)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")][:N_WORST]
    return [
        {
            "test": test.parts[0].slug,
            "key": test.faces[i].key,
            "truth": MASK_CLASSES[judged.truth[i]],
            "label": MASK_CLASSES[judged.labels[i]],
            "p": round(float(confidence[i]), 4),
            "p_with_mask": round(float(judged.p[i, 0]), 4),
        }
        for i in order
    ]


def _loose_boxes(classifier: MaskClassifier, split: Split) -> list[LooseBoxRecord]:
    return [
        record
        for test in loose_tests(_faces_in_photos(split))
        for record in measure_loose(test, _int8_logits(classifier, test.crops), classifier.manifest)
    ]


def _checked_rates(classifier: MaskClassifier, split: Split, finder: Path) -> list[RateRecord]:
    faces = [face for face in _faces_in_photos(split) if face.box is not None]
    # without photographs there need not be a finder
    return checked_rates(faces, MaskDetector.load(classifier, finder=finder)) if faces else []


def _faces_in_photos(split: Split) -> list[FaceSample]:
    return [*split.leak_free_test, *split.street_test]


def _whole_photos(
    classifier: MaskClassifier, photos: Sequence[Photo], roots: Sequence[Path], finder: Path
) -> Iterator[WholePhotosRecord]:
    labelled = labelled_photos(roots, {"val", "test"})
    if not photos and not labelled:
        return
    for preset in PRESETS:
        detector = MaskDetector.load(classifier, preset, finder=finder)
        if photos:
            yield whole_photos(preset, photos, detector)
        if labelled:
            yield from whole_labelled_photos(preset, STREET_NAME, labelled, detector)


def _covered_other(classifier: MaskClassifier, faces: Sequence[FaceSample]) -> OutcomeRecord:
    logits = _int8_logits(classifier, test_sets.crops_of(faces))
    predictions = predictions_from_logits(logits, classifier.manifest)
    return outcome_counts(outcomes(predictions, classifier.manifest))


def _people(classifier: MaskClassifier, folder: Path) -> PeopleTestRecord:
    return {
        "dataset": folder.resolve().name,
        "conditions": [
            measure_people(test, _int8_logits(classifier, test.crops), classifier.manifest)
            for test in people_tests(read_people(folder))
        ],
    }


def _print(result: TestSetRecord) -> None:
    low, high = result["ci95"]
    classes = ", ".join(
        f"{label} {one['n_correct']}/{one['n']} (wrong and sure {one['n_wrong_sure']})"
        for label, one in result["per_class"].items()
    )
    print(
        f"{result['name']}: {result['n_correct']} of {result['n']} right, "
        f"{result['accuracy']:.2%} ({low:.2%} to {high:.2%}); {classes}; "
        f"not sure {result['n_not_sure']}, "
        f"called no face {result['n_no_face']}, "
        f"calibration error {result['calibration_error']:.3f}"
    )
