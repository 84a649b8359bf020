"""From a trained cascade to what the app loads: the file, its thresholds, its manifest."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from maskdet_core.cascade_manifest import CascadeManifest, SearchSettings
from maskdet_core.detector import MIN_FACE_PX, MIN_FACE_SHARE
from maskdet_core.manifest import file_sha256
from maskdet_core.trained_finder import TrainedFaceFinder
from train.cascade.data import CascadeData, Photo
from train.cascade.fit import Progress
from train.cascade.haar import WINDOW_PX
from train.cascade.measure import Tally, count_photo, curve
from train.cascade.mining import box_size
from train.errors import RunError
from train.pictures import read_rgb
from train.runs import now_iso

NAME: Final = "maskdet-haar"
SEARCHES: Final = {
    "photo": SearchSettings(1.25, -100.0, (-30.0, 30.0)),
    "live": SearchSettings(1.3, -100.0),
}
"""Chosen on the tuning photographs: finer steps found no more at the same number of false faces,
while searching for tilted heads too found more of both classes in less than the time of
frontalface_alt. The least score is set by `publish`."""
FALSE_PER_PHOTO: Final = {"photo": 0.3, "live": 0.1}
"""False faces that the tuning photographs may show. A live picture repeats its mistakes, a photo
shows each but once."""


def least_face_px(width: int, height: int) -> int:
    """Least face height that the photo check asks for in a photograph of this size."""
    return max(MIN_FACE_PX, round(max(width, height) * MIN_FACE_SHARE["photo"]))


def publish(run: Path, data: CascadeData, models: Path, datasets: Sequence[str]) -> Path:
    """Copy the run's cascade to `models`, choose its thresholds, write its manifest.

    Args:
        run: folder of a training.
        data: its faces and photographs; the tuning photographs set the thresholds.
        models: folder for both files.
        datasets: names of the picture sets.

    Returns:
        The manifest's path.

    Raises:
        RunError: nothing trained in `run`.
    """
    progress = Progress(run)
    stages = progress.stages()
    if not stages or not progress.xml.is_file():
        raise RunError(f"expected a trained cascade in {run}")
    models.mkdir(parents=True, exist_ok=True)
    file = models / f"{NAME}.xml"
    partial = file.with_name(file.name + ".partial")
    shutil.copyfile(progress.xml, partial)
    partial.replace(file)
    width, height = box_size(1.0)
    manifest = CascadeManifest(
        name=NAME,
        file=file.name,
        sha256=file_sha256(file),
        window_px=WINDOW_PX,
        width=round(width, 4),
        height=round(height, 4),
        shift_y=0.0,
        presets=SEARCHES,
        training={
            "date": now_iso(),
            "datasets": list(datasets),
            "faces": len(data.faces),
            "scenes": len(data.scenes),
            "stages": stages,
        },
    )
    presets: dict[str, SearchSettings] = {}
    points: dict[str, Any] = {}
    for name, settings in manifest.presets.items():
        tally = search_all(TrainedFaceFinder(manifest, models, settings), data.tune)
        least = least_score(tally, FALSE_PER_PHOTO[name])
        presets[name] = replace(settings, min_score=round(least, 3))
        points[name] = curve(tally)
    manifest = replace(manifest, presets=presets, evaluation={"tuning_curves": points})
    path = models / f"{NAME}.json"
    manifest.save(path)
    return path


def search_all(finder: TrainedFaceFinder, photos: Sequence[Photo]) -> Tally:
    """One finder over all photographs."""
    tally = Tally()
    for photo in photos:
        image = read_rgb(photo.path)
        least = least_face_px(image.shape[1], image.shape[0])
        found = finder.find(image, min_face_px=least)
        count_photo(tally, photo, image, found, least)
    return tally


def least_score(tally: Tally, false_per_photo: float) -> float:
    """Lowest score at which no more false faces are left than wanted."""
    ordered = sorted(tally.false_scores, reverse=True)
    n_allowed = int(false_per_photo * tally.photos)
    found = [p.score for p in tally.people if p.score is not None]
    lowest = min([*found, *ordered], default=0.0)
    return lowest if n_allowed >= len(ordered) else ordered[n_allowed] + 1e-3
