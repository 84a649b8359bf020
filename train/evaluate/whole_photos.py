"""People in whole photographs: found or not, right verdict or not."""

from collections.abc import Sequence
from typing import Final

from tqdm import tqdm

from maskdet_core.detector import MaskDetector, Preset
from maskdet_core.intervals import wilson_interval
from maskdet_core.records.evaluation import PeopleRecord, WholePhotosRecord
from maskdet_core.types import MASK_CLASSES, WITH_MASK, WITHOUT_MASK, Verdict
from train.data.annotations.boxes import boxes_px
from train.data.annotations.photos import LabelledPhoto
from train.data.faces.images import read_rgb
from train.data.matching.drawn_matching import LEAST_PX, further_boxes, matched_boxes
from train.data.matching.people_matching import take_best
from train.data.splits.finder_data import Photo

HELD_BACK: Final = "Held-back photographs"
"""Of sets whose boxes are a detector's."""


def whole_photos(
    preset: Preset, photos: Sequence[Photo], detector: MaskDetector
) -> WholePhotosRecord:
    """Run the detector over photographs, as the app does.

    A person is found where a box overlaps the reference enough, see `take_best`; every box that
    matches nobody, not even in the background, is a false positive.

    Args:
        preset: of the detector.
        photos: held out from training.
        detector: as the app loads it.
    """
    counts = _nobody((WITH_MASK, WITHOUT_MASK))
    false_faces: list[Verdict] = []
    for photo in tqdm(photos, desc=preset, unit="photo"):
        rgb = read_rgb(photo.path)
        verdicts = {face.box: face.verdict for face in detector.detect(rgb).faces}
        free = list(verdicts)
        truth = WITH_MASK if photo.masked else WITHOUT_MASK
        for person in boxes_px(photo.boxes, rgb):
            box = take_best(free, person)
            _add(counts[truth], truth, None if box is None else verdicts[box])
        for other in boxes_px(photo.others, rgb):
            take_best(free, other)
        false_faces += [verdicts[box] for box in free]
    return _record(preset, HELD_BACK, len(photos), counts, false_faces)


def whole_labelled_photos(
    preset: Preset, name: str, photos: Sequence[LabelledPhoto], detector: MaskDetector
) -> list[WholePhotosRecord]:
    """Run the detector over photographs with hand-drawn boxes, as the app does.

    Some of the false faces are faces that nobody labelled.

    Args:
        preset: of the detector.
        name: of the photographs, in words.
        photos: held out from training.
        detector: as the app loads it.

    Returns:
        One record for each of `LEAST_PX`, the longer side of the smallest faces that are counted.
    """
    counts = {least: _nobody(MASK_CLASSES) for least in LEAST_PX}
    false_faces: list[Verdict] = []
    for photo in tqdm(photos, desc=preset, unit="photo"):
        faces = detector.detect(read_rgb(photo.path)).faces
        found = [face.box for face in faces]
        matched = matched_boxes(photo, found)
        for number, (label, box) in enumerate(zip(photo.labels, photo.boxes, strict=True)):
            verdict = faces[matched[number]].verdict if number in matched else None
            for least, of_size in counts.items():
                if label in of_size and max(box[2:]) >= least:
                    _add(of_size[label], label, verdict)
        false_faces += [faces[i].verdict for i in further_boxes(photo, found, matched)]
    return [
        _record(preset, f"{name}, {least} px and more", len(photos), of_size, false_faces)
        for least, of_size in counts.items()
    ]


def _nobody(classes: Sequence[str]) -> dict[str, PeopleRecord]:
    return {c: {"n_people": 0, "n_found": 0, "n_right": 0, "n_not_sure": 0} for c in classes}


def _add(count: PeopleRecord, truth: str, verdict: Verdict | None) -> None:
    """Count a person; the verdict is None where no box is on its face."""
    count["n_people"] += 1
    count["n_found"] += verdict is not None
    count["n_right"] += verdict == truth
    count["n_not_sure"] += verdict == Verdict.NOT_SURE


def _record(
    preset: Preset,
    name: str,
    n_photos: int,
    counts: dict[str, PeopleRecord],
    false_faces: Sequence[Verdict],
) -> WholePhotosRecord:
    n_mask = sum(verdict == Verdict.WITH_MASK for verdict in false_faces)
    for label, count in counts.items():
        low, high = wilson_interval(count["n_right"], count["n_people"])
        print(
            f"{name}, {preset} check, {label}: {count['n_found']} of {count['n_people']} people "
            f"found, {count['n_right']} with a right verdict ({low:.1%} to {high:.1%}), "
            f"{count['n_not_sure']} not sure"
        )
    print(
        f"{name}, {preset} check: {len(false_faces)} false faces in {n_photos} photos, "
        f"{n_mask} of them with the verdict mask"
    )
    return {
        "preset": preset,
        "name": name,
        "n_photos": n_photos,
        "n_people": sum(c["n_people"] for c in counts.values()),
        "n_found": sum(c["n_found"] for c in counts.values()),
        "false_faces": len(false_faces),
        "false_masks": n_mask,
        "per_class": counts,
    }
