"""Measure what ships: published and leak-free tests, and whole photographs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskdet_core.classifier import MaskClassifier
from maskdet_core.detector import MaskDetector, load_detector
from maskdet_core.types import FaceBox
from train.calibrate import calibration_error, risk_coverage
from train.datasets import CLASSES, FaceSample, read_dataset
from train.export import load_trained
from train.hands import split_hands
from train.intervals import wilson_interval
from train.metrics import evaluate_set, float_logits
from train.model_card import write_model_card
from train.pictures import plain_crop, read_rgb
from train.runs import RunFolder, now_iso, write_json
from train.shipped import NETWORK
from train.slices import slices, with_hands
from train.split import Split

N_WORST = 24
"""Mistakes that each set's record names."""

MATCH_IOU = 0.35
"""Overlap with the reference box from which a person counts as found."""


def evaluate(
    run: Path, split: Split, roots: Sequence[Path], models: Path, hands: Path | None
) -> Path:
    """Write `evaluation.json` beside the exported run's records and figures into the manifest.

    Args:
        run: folder of the run that was exported.
        split: faces by side.
        roots: folders of the sets; the first of whole photographs is searched as the app does.
        models: folder of the exported network.
        hands: pictures of hands; None leaves the test with hands out.
    """
    manifest_path = models / f"{NETWORK}.json"
    classifier = MaskClassifier.from_manifest(manifest_path)
    manifest = classifier.manifest
    sets = list(_measure_sets(classifier, split, hands))
    crops = np.stack([plain_crop(s) for s in split.validation])
    in_float, in_int8 = float_logits(load_trained(run), crops), classifier.logits(crops)
    same = int(np.sum((in_float[:, 0] > in_float[:, 1]) == (in_int8[:, 0] > in_int8[:, 1])))
    photos = [r for r in roots if any(s.box for s in read_dataset(r))]
    record: dict[str, Any] = {
        "format": 1,
        "created": now_iso(),
        "model": NETWORK,
        "min_confidence": manifest.min_confidence,
        "classes": list(CLASSES),
        "sets": sets,
        "int8_vs_float": {"n": len(crops), "n_same": same, "agreement": same / len(crops)},
    }
    if photos:
        record["whole_photos"] = whole_photos(photos[0], load_detector(classifier))
    path: Path = models / "runs" / RunFolder(run).read()["name"] / "evaluation.json"
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
    replace(manifest, metrics={**manifest.metrics, **metrics}).save(manifest_path)
    write_model_card(models)
    return path


def _measure_sets(
    classifier: MaskClassifier, split: Split, hands: Path | None
) -> Iterator[dict[str, Any]]:
    published = "The publisher's own test part; relatives of its pictures may have been trained on."
    for name in sorted({s.dataset for s in split.published_test}):
        faces = [s for s in split.published_test if s.dataset == name]
        crops = _crops(faces)
        title = f"{name}, given Test"
        yield _measure(f"{name}-test", title, published, faces, crops, classifier)
        for words, members in slices(faces, crops).items():
            if words.endswith("and more") and 0 < members.sum() < len(faces):
                part = [s for s, member in zip(faces, members, strict=True) if member]
                slug = f"{name}-test-large"
                yield _measure(
                    slug, f"{title}, {words}", published, part, crops[members], classifier
                )
    free = split.leak_free_test
    note = "No picture here, nor a copy or look-alike of it, was trained on."
    crops = _crops(free)
    yield _measure("leak-free", "Leak-free, all sets", note, free, crops, classifier)
    parts = {
        name: np.array([s.dataset == name for s in free])
        for name in sorted({s.dataset for s in free})
    }
    for words, members in (parts | slices(free, crops)).items():
        if members.any():
            part = [s for s, member in zip(free, members, strict=True) if member]
            slug = "leak-free-" + words.replace(" ", "-")
            yield _measure(slug, f"Leak-free, {words}", note, part, crops[members], classifier)
    if hands is not None:
        covered = with_hands(free, split_hands(hands)[1])
        note = (
            "The leak-free test with a hand of a student never trained on laid over every bare "
            "mouth, and over or beside every mask."
        )
        yield _measure("hands", "With hands, all sets", note, free, covered, classifier)


def _crops(faces: Sequence[FaceSample]) -> NDArray[np.uint8]:
    return np.stack([plain_crop(s) for s in faces])


def _measure(
    slug: str,
    name: str,
    note: str,
    faces: Sequence[FaceSample],
    crops: NDArray[np.uint8],
    classifier: MaskClassifier,
) -> dict[str, Any]:
    said = [
        classifier.predict(crops[i : i + 1]) for i in tqdm(range(len(crops)), slug, unit="face")
    ]
    p = np.concatenate([one.p_with_mask for one in said])
    p_face = np.concatenate([one.p_face for one in said])
    masked = np.array([CLASSES[s.label] == "with_mask" for s in faces])
    result = evaluate_set(slug, name, note, p, masked, classifier.manifest.min_confidence)
    error, bins = calibration_error(p, masked)
    wrong_first = np.argsort(np.where(masked, p, 1 - p), kind="stable")[:N_WORST]
    result |= {
        "n_no_face": int((p_face < classifier.manifest.min_face_probability).sum()),
        "calibration_error": error,
        "calibration": bins,
        "risk_coverage": risk_coverage(p, masked),
        "worst": [
            {"key": faces[i].key, "p_with_mask": round(float(p[i]), 4)}
            for i in wrong_first
            if (p[i] >= 0.5) != masked[i]
        ],
    }
    low, high = result["ci95"]
    classes = ", ".join(
        f"{label} {one['n_correct']}/{one['n']}" for label, one in result["per_class"].items()
    )
    print(
        f"{name}: {result['n_correct']} of {result['n']} right, "
        f"{result['accuracy']:.2%} ({low:.2%} to {high:.2%}); {classes}; "
        f"not sure {result['n_not_sure']}, wrong though sure {result['n_wrong_sure']}, "
        f"called no face {result['n_no_face']}, calibration error {error:.3f}"
    )
    return result


def whole_photos(root: Path, detector: MaskDetector) -> dict[str, Any]:
    """Run the app's own way, face finder and all, over the photographs of a set's test part.

    A person is found where a box overlaps the reference by `MATCH_IOU` or more; every box that
    matches nobody is a false face.
    """
    faces = [s for s in read_dataset(root, whole_photos=True) if s.published_split == "test"]
    people: dict[Path, list[FaceSample]] = {}
    for sample in faces:
        people.setdefault(sample.path, []).append(sample)
    counts = {
        c: dict.fromkeys(("n_people", "n_found", "n_right", "n_not_sure"), 0) for c in CLASSES
    }
    n_false = 0
    for path, samples in tqdm(people.items(), desc="whole photos", unit="photo"):
        rgb = read_rgb(path)
        left = list(detector.detect(rgb).faces)
        for sample in samples:
            count = counts[CLASSES[sample.label]]
            count["n_people"] += 1
            overlaps = [_iou(face.box, sample, rgb.shape[:2]) for face in left]
            if not overlaps or max(overlaps) < MATCH_IOU:
                continue
            face = left.pop(int(np.argmax(overlaps)))
            count["n_found"] += 1
            count["n_right"] += face.verdict == CLASSES[sample.label]
            count["n_not_sure"] += face.verdict == "not_sure"
        n_false += len(left)
    for name, count in counts.items():
        low, high = wilson_interval(count["n_right"], count["n_people"])
        print(
            f"whole photos, {name}: {count['n_found']} of {count['n_people']} people found, "
            f"{count['n_right']} with a right verdict ({low:.1%} to {high:.1%})"
        )
    print(f"whole photos: {n_false} false faces in {len(people)} photos")
    return {
        "slug": f"{root.name}-test",
        "n_photos": len(people),
        "n_people": sum(c["n_people"] for c in counts.values()),
        "n_found": sum(c["n_found"] for c in counts.values()),
        "false_faces": n_false,
        "per_class": counts,
    }


def _iou(box: FaceBox, sample: FaceSample, shape: tuple[int, ...]) -> float:
    if sample.box is None:
        return 0.0
    height, width = shape
    x, y, w, h = (v * s for v, s in zip(sample.box, (width, height) * 2, strict=True))
    across = min(box.x + box.w, x + w) - max(box.x, x)
    down = min(box.y + box.h, y + h) - max(box.y, y)
    shared = max(0.0, across) * max(0.0, down)
    return shared / (box.w * box.h + w * h - shared)
