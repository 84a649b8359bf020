"""A trained finder on held-out photographs, beside OpenCV's own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from tqdm import tqdm

from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import MIN_FACE_SHARE, min_face_px_in
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.version import __version__
from train.data.annotations.boxes import boxes_px
from train.data.annotations.photos import LabelledPhoto
from train.data.annotations.poses import face_poses, photo_poses
from train.data.faces.images import read_rgb
from train.data.files.records import now_iso
from train.data.matching.people_matching import FOUND_IOU
from train.data.splits.finder_data import FinderData, Photo
from train.evaluate_finder.drawn_evaluation import evaluate_drawn
from train.evaluate_finder.finders import (
    BASELINE,
    NAME,
    MeasuredFinder,
    read_manifest,
    side_by_side,
)
from train.evaluate_finder.reference_boxes import (
    FRAME,
    Tally,
    count_photo,
    curve,
    frame_times_ms,
    recall_at,
    search_photos,
    summary,
    tally_photos,
)
from train.model_card.card import write_model_card

CANDIDATES: Final = (0.1, 0.3, 0.6, 1.0)
"""False positives a photograph at which recall is stated beside the presets' own."""
FRAME_FACE_PX: Final = 40
"""Minimum face height while times are measured."""


def evaluate_finder(
    data: FinderData,
    finder: Path,
    models: Path,
    dump_false: Path | None = None,
    drawn: Sequence[LabelledPhoto] = (),
) -> Path:
    """Measure, print a table, write the figures into the finder's manifest, and the model card.

    Recorded figures of finders that are gone (`maskdet_core.records.finder.RecordedFigures`) stay
    in the manifest as they are, and so do those on hand-drawn boxes where none are measured now.

    Args:
        data: its photographs held out from training.
        finder: manifest of the finder.
        models: folder of the model card.
        dump_false: folder for crops of the finder's false positives in the training photographs;
            None writes none.
        drawn: held-out photographs with hand-drawn boxes; none leaves their figures out.

    Returns:
        The manifest's path.

    Raises:
        RunError, CascadeError: see `train.evaluate_finder.finders.side_by_side`.
    """
    limit_opencv_threads(1)
    finders = side_by_side(finder)
    manifest = read_manifest(finder)
    # labels are part of the record that the metrics page reads
    photos = held_back(data)
    sets = {
        "held-back photos": photos,
        "of them the published test": [photo for photo in photos if photo.published_test],
    }
    records = evaluate_photos(finders, sets)
    times = frame_times_ms({one.name: (one.finder, FRAME_FACE_PX) for one in finders}, photos)
    ratios = {name: value / times[BASELINE] for name, value in times.items()}
    print_table(records, ratios)
    evaluation: dict[str, Any] = {
        "date": now_iso(),
        "version": __version__,
        "match_iou": FOUND_IOU,
        "least_face_share": MIN_FACE_SHARE["photo"],
        "records": records,
        "frame": {"size_px": list(FRAME), "least_face_px": FRAME_FACE_PX, "cores": 1},
        "time_ratio": {name: round(ratio, 3) for name, ratio in ratios.items()},
    }
    if drawn:
        names = {NAME: manifest.name}
        evaluation["drawn"] = evaluate_drawn(drawn, finders, names, face_poses())
    replace(manifest, evaluation=manifest.evaluation | evaluation).save(finder)
    write_model_card(models)
    if dump_false is not None:
        n_dumped = dump(finders[0].finder, data, dump_false)
        print(f"{n_dumped} false faces in {dump_false}")
    return finder


def held_back(data: FinderData) -> list[Photo]:
    """Photographs that none of the finders learned from.

    Earlier finders learned from some that are held out today. Those whose pose was noted were held
    out then as well; where there are none, all held-out photographs are taken.
    """
    every = [*data.tune, *data.test]
    noted = photo_poses()
    return [photo for photo in every if photo.name in noted] or every


def evaluate_photos(
    finders: Sequence[MeasuredFinder], sets: Mapping[str, Sequence[Photo]]
) -> list[dict[str, Any]]:
    """Measure finders on photographs with a detector's boxes.

    Args:
        finders: to measure.
        sets: photographs by name; the first has all of them.

    Returns:
        A record of each finder on each set, set by set; those of trained ones have curves.
    """
    poses = photo_poses()
    every = next(iter(sets.values()))
    records = []
    for one in finders:
        # every box is kept, and the minimum score applied after the matching
        found = search_photos(one.unbounded, every)
        for label, photos in sets.items():
            record = summary(tally_photos(photos, found, poses, one.min_score))
            if one.role != "stock":
                whole = tally_photos(photos, found, poses)
                record |= {"candidates": recall_at(whole, CANDIDATES), "curve": curve(whole)}
            records.append({"finder": one.name, "set": label, **record})
    return sorted(records, key=lambda record: list(sets).index(str(record["set"])))


def print_table(records: list[dict[str, Any]], ratios: Mapping[str, float]) -> None:
    """Figures side by side."""
    for record in records:
        classes = ", ".join(
            f"{name} {record[name]['n_found']}/{record[name]['n']} = {record[name]['recall']:.1%} "
            f"({record[name]['ci95'][0]:.1%}-{record[name]['ci95'][1]:.1%})"
            for name in ("masked", "bare")
        )
        print(
            f"{record['set']}: {record['finder']:16s} {classes}, "
            f"{record['false_per_photo']:.2f} false a photo"
        )
        for point in record.get("candidates", []):
            print(
                f"    at {point['false_per_photo']:.2f} false a photo: "
                f"masked {point['masked']:.1%}, bare {point['bare']:.1%}"
            )
    for name, ratio in ratios.items():
        print(f"time for {FRAME[0]}x{FRAME[1]}, one core: {name:16s} {ratio:.2f} x {BASELINE}")


def dump(finder: FaceFinder, data: FinderData, folder: Path) -> int:
    """Write crops of the false positives in the training photographs; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    n = 0
    for scene in tqdm(data.scenes, unit="photo"):
        if scene.is_crop or not scene.boxes:
            continue
        image = read_rgb(scene.path)
        photo = Photo(scene.path, scene.path.name, False, scene.boxes, (), False)
        min_px = min_face_px_in(image.shape[1], image.shape[0])
        found = finder.find(image, min_face_px=min_px)
        people = boxes_px(photo.boxes, image)
        for box in count_photo(Tally(), photo, image, found, min_px):
            if max((box.iou(person) for person in people), default=0.0) > 0.1:
                continue
            cut = box.clipped(image.shape[1], image.shape[0])
            if cut is not None:
                n += 1
                crop = image[cut.y : cut.y + cut.h, cut.x : cut.x + cut.w, ::-1]
                cv2.imwrite(str(folder / f"false_{n:05d}.png"), np.ascontiguousarray(crop))
    return n
