"""Measure what ships: published and leak-free tests, and whole photographs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskdet_core.detector import PRESETS, MaskDetector
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.types import FaceBox
from train.data.datasets import CLASSES, OUTPUTS, FaceSample, read_worn_wrongly
from train.data.detection import held_back_photos
from train.data.images import face_crop, read_rgb
from train.data.runs import RunFolder, now_iso, write_json
from train.data.split import Split
from train.errors import RunError
from train.evaluate import test_sets as face_tests
from train.evaluate.calibration import calibration_error, risk_coverage
from train.evaluate.metrics import evaluate_set, float_logits, label_agreement
from train.evaluate.model_card import write_model_card
from train.evaluate.test_sets import FaceTest
from train.evaluate.whole_photos import whole_photos
from train.network.export import load_trained
from train.shipped import FINDER, NETWORK

CROPS = "maskdet_core.masks.crops.square_crop"
"""The function that cuts the measured crops; earlier records, without one, used an affine warp."""
HELD_OUT = "-held-out"
"""In the slugs of sets measured with another run, which held these sets out."""
CARRIED_OVER = "Carried over from the evaluation"
N_WORST = 24
"""Mistakes that each set's record names."""


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
        roots: folders of the sets; photographs among them are searched as the app does.
        models: folder of the exported network.
        hands: pictures of hands; None leaves the test with hands out.
        held_out_run: a run of the same recipe that held sets out, to measure on these; without it
            these sets are carried over from the earlier evaluation, where there is one.
    """
    path: Path = models / "runs" / RunFolder(run).read()["name"] / "evaluation.json"
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
    _, photos = held_back_photos(roots, split)
    record: dict[str, Any] = {
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
        "worn_wrongly": _worn_wrongly(classifier, roots),
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
    yield from face_tests.published(split)
    yield face_tests.leak_free(split)
    if hands is not None:
        yield face_tests.hands(split, hands)


def _earlier(path: Path) -> dict[str, Any]:
    """The run's earlier evaluation, empty where there is none."""
    if not path.is_file():
        return {}
    record = json.loads(path.read_text(encoding="utf-8"))
    return record if isinstance(record, dict) else {}


def _carried_over(measured: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    """A figure of an earlier evaluation, with a note of when and on which crops it was measured."""
    note = str(measured.get("note", ""))
    if CARRIED_OVER in note:
        return measured
    crops = earlier.get("crops", "an affine warp that training used")
    here = f"{CARRIED_OVER} of {earlier.get('created', '?')}; crops cut by {crops}."
    return measured | {"note": f"{note} {here}".strip()}


def _int8_vs_float(
    run: Path, classifier: MaskClassifier, split: Split, earlier: dict[str, Any]
) -> dict[str, Any]:
    """Agreement of the exported network with the float one on the validation faces.

    Raises:
        RunError: no float network in the run, and no earlier evaluation to carry over.
    """
    if not RunFolder(run).final.exists() and "int8_vs_float" in earlier:
        return _carried_over(earlier["int8_vs_float"], earlier)
    in_float = load_trained(run)
    crops = face_tests.crops_of(split.validation)
    return dict(label_agreement(float_logits(in_float, crops), classifier.logits(crops)))


def _int8_logits(classifier: MaskClassifier, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows = [
        classifier.logits(crops[i : i + 1]) for i in tqdm(range(len(crops)), "faces", unit="face")
    ]
    return np.concatenate(rows)


def _measure_held_out(run: Path, split: Split, manifest: ModelManifest) -> Iterator[dict[str, Any]]:
    """A network in float32, since it is not exported; thresholds are those of what ships."""
    names = RunFolder(run).read()["config"].get("hold_out", [])
    if not names:
        raise RunError(f"expected a run that held sets out, {run} learnt from all")
    model = load_trained(run)
    manifest = replace(manifest, classes=OUTPUTS[: model.output_shape[-1]])
    for name in names:
        test = face_tests.held_out(split, name)
        yield from measure(test, float_logits(model, test.crops), manifest)


def measure(
    test: FaceTest, logits: NDArray[np.float64], manifest: ModelManifest
) -> Iterator[dict[str, Any]]:
    """One record for each part of a test, printed as it comes.

    Args:
        test: faces and their parts.
        logits: (N, n_classes) of its crops.
        manifest: names the classes, the temperature and the thresholds.
    """
    said = predictions_from_logits(logits, manifest)
    for part in test.parts:
        here = np.flatnonzero(part.members)
        faces = [test.faces[i] for i in here]
        p, p_face = said.p_with_mask[here], said.p_face[here]
        masked = np.array([CLASSES[s.label] == "with_mask" for s in faces])
        result = evaluate_set(part.slug, part.name, test.note, p, masked, manifest.min_confidence)
        error, bins = calibration_error(p, masked)
        result |= {
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
) -> list[dict[str, Any]]:
    wrong_first = np.argsort(np.where(masked, p, 1 - p), kind="stable")[:N_WORST]
    return [
        {"key": faces[i].key, "p_with_mask": round(float(p[i]), 4)}
        for i in wrong_first
        if (p[i] >= 0.5) != masked[i]
    ]


def _print(result: dict[str, Any]) -> None:
    low, high = result["ci95"]
    classes = ", ".join(
        f"{label} {one['n_correct']}/{one['n']} (wrong though sure {one['n_wrong_sure']})"
        for label, one in result["per_class"].items()
    )
    print(
        f"{result['name']}: {result['n_correct']} of {result['n']} right, "
        f"{result['accuracy']:.2%} ({low:.2%} to {high:.2%}); {classes}; "
        f"not sure {result['n_not_sure']}, "
        f"called no face {result['n_no_face']}, "
        f"calibration error {result['calibration_error']:.3f}"
    )


def _worn_wrongly(classifier: MaskClassifier, roots: Sequence[Path]) -> dict[str, int]:
    """What is said of masks under the nose or chin, which are neither class."""
    paths = [path for root in roots for path in read_worn_wrongly(root, "test")]
    counts = {"n": len(paths), "with_mask": 0, "without_mask": 0, "not_sure": 0}
    for path in paths:
        rgb = read_rgb(path)
        crop = face_crop(rgb, FaceBox(0, 0, rgb.shape[1], rgb.shape[0]))
        p = float(classifier.predict(crop[None]).p_with_mask[0])
        sure = max(p, 1 - p) >= classifier.manifest.min_confidence
        counts[CLASSES[p < 0.5] if sure else "not_sure"] += 1
    return counts
