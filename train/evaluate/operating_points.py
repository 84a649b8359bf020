"""From trained cascades to what the app loads: the files, their thresholds, their manifest."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeFile, CascadeManifest, FinderPreset
from maskdet_core.files import write_atomic
from train.cascade.haar import WINDOW_PX
from train.cascade.mining import box_size
from train.cascade.progress import Progress
from train.data.detection import CascadeData
from train.data.runs import now_iso
from train.errors import RunError
from train.evaluate.detection import Tally, curve, search_photos, tally_photos
from train.shipped import FINDER

PARTS: Final = ("search", "check")
"""Folders of a run, one cascade each."""
EVERY_SCORE: Final = -1e3
"""A least score that drops nothing."""
SEARCHES: Final = {
    "photo": FinderPreset(1.2, EVERY_SCORE, (-30.0, 30.0)),
    "live": FinderPreset(1.3, EVERY_SCORE),
}
"""Chosen on the tuning photographs: steps of 1.2 found more than 1.25 at few false faces, 1.15 no
more, and searching for tilted heads too is worth its time in a photograph. The least score is set
by `publish`."""
FALSE_PER_PHOTO: Final = {"photo": 0.3, "live": 0.1}
"""False faces that the tuning photographs may show. A live picture repeats its mistakes, a photo
shows each but once."""


def publish(run: Path, data: CascadeData, models: Path, datasets: Sequence[str]) -> Path:
    """Copy the run's cascades to `models`, choose their thresholds, write their manifest.

    Args:
        run: folder of a training.
        data: its faces and photographs; the tuning photographs set the thresholds.
        models: folder for the files.
        datasets: names of the picture sets.

    Returns:
        The manifest's path.

    Raises:
        RunError: nothing trained in `run`.
    """
    models.mkdir(parents=True, exist_ok=True)
    files: dict[str, CascadeFile] = {}
    stages: dict[str, list[dict[str, Any]]] = {}
    for part in PARTS:
        progress = Progress(run / part)
        stages[part] = progress.stages()
        if not stages[part] or not progress.xml.is_file():
            raise RunError(f"expected a trained cascade in {progress.folder}")
        path = models / f"{FINDER}-{part}.xml"
        write_atomic(path, progress.xml.read_bytes())
        files[part] = CascadeFile.of(path)
    width, height = box_size(1.0)
    manifest = CascadeManifest(
        name=FINDER,
        proposals=files["search"],
        verifier=files["check"],
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
            "stages": [{"part": part, **stage} for part in PARTS for stage in stages[part]],
        },
    )
    presets: dict[str, FinderPreset] = {}
    points: dict[str, Any] = {}
    for name, settings in manifest.presets.items():
        finder = CascadeFaceFinder(manifest, models, settings)
        tally = tally_photos(data.tune, search_photos(finder, data.tune))
        least = least_score(tally, FALSE_PER_PHOTO[name])
        presets[name] = replace(settings, min_score=round(least, 3))
        points[name] = curve(tally)
    manifest = replace(manifest, presets=presets, evaluation={"tuning_curves": points})
    path = models / f"{FINDER}.json"
    manifest.save(path)
    return path


def least_score(tally: Tally, false_per_photo: float) -> float:
    """Lowest score at which no more false faces are left than wanted."""
    ordered = sorted(tally.false_scores, reverse=True)
    n_allowed = int(false_per_photo * tally.photos)
    found = [p.score for p in tally.people if p.score is not None]
    lowest = min([*found, *ordered], default=0.0)
    return lowest if n_allowed >= len(ordered) else ordered[n_allowed] + 1e-3
