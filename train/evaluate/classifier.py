"""Measure the exported network: published and leak-free tests, and whole photographs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskdet_core.detector import PRESETS, MaskDetector
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.run_records import (
    EVALUATION_FILE,
    AgreementRecord,
    EvaluationRecord,
    IncorrectlyWornRecord,
    MistakeRecord,
    TestSetRecord,
)
from maskdet_core.types import FaceBox, Verdict, decide
from train.data.datasets import CLASSES, OUTPUTS, FaceSample, read_incorrectly_worn
from train.data.detection import held_out_photos
from train.data.images import face_crop, read_rgb
from train.data.records import now_iso, write_json
from train.data.split import Split
from train.errors import RunError
from train.evaluate import test_sets
from train.evaluate.calibration import calibration_error, risk_coverage
from train.evaluate.metrics import evaluate_set, label_agreement
from train.evaluate.model_card import write_model_card
from train.evaluate.test_sets import FaceTest
from train.evaluate.whole_photos import whole_photos
from train.network.run_folder import RunFolder
from train.shipped import FINDER, NETWORK

Carried = TypeVar("Carried", TestSetRecord, AgreementRecord)

CROPS = "maskdet_core.masks.crops.square_crop"
"""The function that cuts the measured crops; earlier records, without one, used an affine warp."""
HELD_OUT = "-held-out"
"""In the slugs of sets measured with another run, which held these sets out."""
CARRIED_OVER = "Carried over from the evaluation"
"""Begins the note of a figure that was not measured again."""
N_WORST = 24
"""Mistakes named in each set's record, the most confident first."""


def evaluate(
    run: Path,
    split: Split,
    roots: Sequence[Path],
    models: Path,
    hands: Path | None,
    held_out_run: Path | None = None,
) -> Path:
    """Write `evaluation.json` beside the exported run's records and figures into the manifest.

    Args:
        run: folder of the run that was exported. Where it holds no `model.keras`, int8_vs_float is
            carried over from the run's earlier evaluation.
        split: faces by side.
        roots: folders of the sets; on their whole photographs the detector is measured.
        models: folder of the exported network.
        hands: pictures of hands; None leaves the test with hands out.
        held_out_run: a run of the same recipe that held sets out, to measure on these; without it
            these sets are carried over from the earlier evaluation, where there is one.
    """
    path = models / "runs" / RunFolder(run).read()["name"] / EVALUATION_FILE
    earlier = _earlier(path)
    manifest_path = models / f"{NETWORK}.json"
    classifier = MaskClassifier.from_manifest(manifest_path)
    manifest = classifier.manifest
    sets = [
        record
        for test in _tests(split, hands)
        for record in measure(test, _int8_logits(classifier, test.crops), manifest)
    ]
    if held_out_run is not None:
        sets += list(_measure_held_out(held_out_run, split, manifest))
    else:
        old = [one for one in earlier.get("sets", []) if HELD_OUT in one["slug"]]
        sets += [_carried_over(one, earlier) for one in old]
    _, photos = held_out_photos(roots, split)
    record: EvaluationRecord = {
        "format": 1,
        "created": now_iso(),
        "model": NETWORK,
        "crops": CROPS,
        "min_confidence": manifest.min_confidence,
        "classes": list(CLASSES),
        "published_test": {
            "n": len(split.published_test),
            "n_with_relative": split.n_published_test_with_relative,
        },
        "sets": sets,
        "worn_wrongly": _incorrectly_worn(classifier, roots),
        "int8_vs_float": _int8_vs_float(run, classifier, split, earlier),
    }
    if photos:
        finder = models / f"{FINDER}.json"
        record["whole_photos"] = [
            whole_photos(preset, photos, MaskDetector.load(classifier, preset, finder=finder))
            for preset in PRESETS
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, record)
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
    if hands is not None:
        yield test_sets.hands(split, hands)


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
    from train.network.export import float_logits, load_trained

    in_float = load_trained(run)
    crops = test_sets.crops_of(split.validation)
    return label_agreement(float_logits(in_float, crops), classifier.logits(crops))


def _int8_logits(classifier: MaskClassifier, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows = [
        classifier.logits(crops[i : i + 1]) for i in tqdm(range(len(crops)), "faces", unit="face")
    ]
    return np.concatenate(rows)


def _measure_held_out(run: Path, split: Split, manifest: ModelManifest) -> Iterator[TestSetRecord]:
    """A network in float32, since it is not exported; thresholds are those of the shipped one."""
    from train.network.export import float_logits, load_trained

    names = RunFolder(run).read()["config"].get("hold_out", [])
    if not names:
        raise RunError(f"expected a run that held sets out, {run} was trained on all")
    model = load_trained(run)
    manifest = replace(manifest, classes=OUTPUTS[: model.output_shape[-1]])
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
    predictions = predictions_from_logits(logits, manifest)
    for part in test.parts:
        here = np.flatnonzero(part.members)
        faces = [test.faces[i] for i in here]
        p, p_face = predictions.p_with_mask[here], predictions.p_face[here]
        masked = np.array([CLASSES[s.label] == "with_mask" for s in faces])
        error, bins = calibration_error(p, masked)
        result: TestSetRecord = {
            **evaluate_set(part.slug, part.name, test.note, p, masked, manifest.min_confidence),
            "n_no_face": int((p_face < manifest.min_face_probability).sum()),
            "calibration_error": error,
            "calibration": bins,
            "risk_coverage": risk_coverage(p, masked),
            "worst": _worst(faces, p, masked),
        }
        _print(result)
        yield result


def _worst(
    faces: Sequence[FaceSample], p: NDArray[np.float64], masked: NDArray[np.bool_]
) -> list[MistakeRecord]:
    wrong_first = np.argsort(np.where(masked, p, 1 - p), kind="stable")[:N_WORST]
    return [
        {"key": faces[i].key, "p_with_mask": round(float(p[i]), 4)}
        for i in wrong_first
        if (p[i] >= 0.5) != masked[i]
    ]


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


def _incorrectly_worn(classifier: MaskClassifier, roots: Sequence[Path]) -> IncorrectlyWornRecord:
    """Verdicts on masks under the nose or chin, which are neither class."""
    paths = [path for root in roots for path in read_incorrectly_worn(root, "test")]
    counts = dict.fromkeys(Verdict, 0)
    for path in paths:
        rgb = read_rgb(path)
        crop = face_crop(rgb, FaceBox(0, 0, rgb.shape[1], rgb.shape[0]))
        predictions = classifier.predict(crop[None])
        verdict = decide(predictions[0], classifier.manifest.min_confidence, two_classes=True)
        counts[verdict] += 1
    return {
        "n": len(paths),
        "with_mask": counts[Verdict.WITH_MASK],
        "without_mask": counts[Verdict.WITHOUT_MASK],
        "not_sure": counts[Verdict.NOT_SURE],
    }
