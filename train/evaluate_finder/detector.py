"""The trained finder beside the stock one on held-out photographs."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from tqdm import tqdm

from maskdet_core.detector import MIN_FACE_SHARE, min_face_px_in
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.finder import FaceFinder
from maskdet_core.faces.manifest import CascadeManifest
from train.data.boxes import boxes_px
from train.data.detection import CascadeData, Photo
from train.data.images import read_rgb
from train.data.matching import FOUND_IOU
from train.data.records import now_iso
from train.errors import RunError
from train.evaluate_finder.detection import (
    BASELINE,
    FRAME,
    Tally,
    baseline_finder,
    count_photo,
    curve,
    frame_times_ms,
    recall_at,
    search_photos,
    summary,
    tally_photos,
)
from train.evaluate_finder.drawn_boxes import (
    DrawnTally,
    score_at,
    tally_finders,
)
from train.evaluate_finder.drawn_boxes import summary as drawn_summary
from train.evaluate_finder.operating_points import EVERY_SCORE
from train.finder.matching import DRAWN_IOU
from train.finder.photos import LabelledPhoto
from train.model_card.card import write_model_card
from train.shipped import FINDER

CANDIDATES: Final = (0.1, 0.3, 0.6, 1.0)
"""False positives a photograph at which recall is stated beside the presets' own."""
DRAWN_CANDIDATES: Final = (0.3, 0.5, 1.0, 2.0, 3.0)
"""The same for hand-drawn boxes; more, since many boxes beside the labelled ones are faces too."""
FRAME_FACE_PX: Final = 40
"""Minimum face height while times are measured."""
POSES_FILE: Final = Path(__file__).with_name("poses.json")
"""Pose of the people on the held-out photographs, noted by eye."""


def trained_finders(models: Path) -> tuple[CascadeManifest, dict[str, CascadeFaceFinder]]:
    """The trained finder's presets, by name.

    Raises:
        RunError: no cascade in `models`.
    """
    path = models / f"{FINDER}.json"
    if not path.is_file():
        raise RunError(f"expected a trained cascade at {path}: run `python -m train finder` first")
    manifest = CascadeManifest.load(path)
    return manifest, {
        "maskdet photo": CascadeFaceFinder(manifest, models, manifest.presets["photo"]),
        "maskdet live": CascadeFaceFinder(manifest, models, manifest.presets["live"]),
    }


def evaluate_detector(
    data: CascadeData,
    models: Path,
    dump_false: Path | None = None,
    drawn: Sequence[LabelledPhoto] = (),
) -> Path:
    """Measure, print a table, and write the figures into the finder's manifest.

    Args:
        data: its photographs held out from training.
        models: folder of the finder.
        dump_false: folder for crops of the finder's false positives in the training photographs;
            None writes none.
        drawn: held-out photographs with hand-drawn boxes; none leaves their figures out.

    Returns:
        The manifest's path.
    """
    manifest, trained = trained_finders(models)
    by_name: dict[str, FaceFinder] = {**trained, BASELINE: baseline_finder()}
    # labels are part of the record that the metrics page reads
    sets = {"held-back photos": [*data.tune, *data.test], "of them the published test": data.test}
    poses = read_poses()
    records = []
    for name, finder in by_name.items():
        # every box is kept, and the minimum score applied after the matching
        cascades = trained.get(name)
        unbounded = finder if cascades is None else cascades.with_min_score(EVERY_SCORE)
        score = -math.inf if cascades is None else cascades.settings.min_score
        found = search_photos(unbounded, sets["held-back photos"])
        for label, photos in sets.items():
            whole = tally_photos(photos, found, poses, -math.inf)
            record = summary(tally_photos(photos, found, poses, score))
            if cascades is not None:
                record |= {"candidates": recall_at(whole, CANDIDATES), "curve": curve(whole)}
            records.append({"finder": name, "set": label, **record})
    records.sort(key=lambda record: list(sets).index(str(record["set"])))
    times = frame_times_ms(
        {name: (finder, FRAME_FACE_PX) for name, finder in by_name.items()},
        sets["held-back photos"],
    )
    ratios = {name: value / times[BASELINE] for name, value in times.items()}
    print_table(records, ratios)
    evaluation = {
        "date": now_iso(),
        "match_iou": FOUND_IOU,
        "least_face_share": MIN_FACE_SHARE["photo"],
        "records": records,
        "frame": {"size_px": list(FRAME), "least_face_px": FRAME_FACE_PX, "cores": 1},
        "time_ratio": {name: round(ratio, 3) for name, ratio in ratios.items()},
    }
    if drawn:
        evaluation["drawn"] = evaluate_drawn(drawn, trained)
    path = models / f"{FINDER}.json"
    replace(manifest, evaluation=manifest.evaluation | evaluation).save(path)
    write_model_card(models)
    if dump_false is not None:
        print(f"{dump(trained['maskdet photo'], data, dump_false)} false faces in {dump_false}")
    return path


def evaluate_drawn(
    photos: Sequence[LabelledPhoto], finders: Mapping[str, CascadeFaceFinder]
) -> dict[str, Any]:
    """Measure finders on hand-drawn boxes, and print the figures.

    Returns:
        A record of each finder at its own minimum score, and at those of `DRAWN_CANDIDATES`.
    """
    every: dict[str, FaceFinder] = {
        name: finder.with_min_score(EVERY_SCORE) for name, finder in finders.items()
    }
    records = []
    for name, tally in tally_finders(photos, every).items():
        own = drawn_summary(tally, finders[name].settings.min_score)
        # JSON has no infinity: a finder with fewer further boxes keeps all that were searched for
        scores = [max(score_at(tally, rate), EVERY_SCORE) for rate in DRAWN_CANDIDATES]
        points = [drawn_summary(tally, score) for score in scores]
        records.append({"finder": name, **own, "candidates": points})
        print_drawn(name, tally, [own, *points])
    return {"match_iou": DRAWN_IOU, "records": records}


def print_drawn(name: str, tally: DrawnTally, points: Sequence[dict[str, Any]]) -> None:
    """Recall at several minimum scores, the finder's own first."""
    print(f"hand-drawn boxes, {tally.photos} photographs: {name}")
    for point in points:
        print(
            f"    {point['further_per_photo']:.2f} further boxes a photo: "
            + "; ".join(
                f"{size}: "
                + ", ".join(
                    f"{label} {one['n_found']}/{one['n']}" for label, one in by_label.items()
                )
                for size, by_label in point["faces"].items()
            )
        )


def read_poses() -> dict[str, str]:
    """Pose by photograph; empty where the file is absent."""
    if not POSES_FILE.is_file():
        return {}
    noted = json.loads(POSES_FILE.read_text(encoding="utf-8"))
    return {name: pose for pose, names in noted.items() for name in names}


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


def dump(finder: FaceFinder, data: CascadeData, folder: Path) -> int:
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
