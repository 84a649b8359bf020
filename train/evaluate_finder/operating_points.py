"""Operating points of the face finder: the minimum score of each preset."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset
from train.data.detection import Photo
from train.evaluate_finder.detection import Tally, curve, search_photos, tally_photos

EVERY_SCORE: Final = -1e3
"""A minimum score that drops nothing."""
SEARCHES: Final = {
    "photo": FinderPreset(1.2, EVERY_SCORE, (-30.0, 30.0)),
    "live": FinderPreset(1.3, EVERY_SCORE),
}
"""Chosen on the tuning photographs: scale steps of 1.2 found more than 1.25 at few false positives,
1.15 no more, and proposals at tilted angles are worth their time in a photograph. The minimum score
is set by `choose_operating_points`."""
FALSE_PER_PHOTO: Final = {"photo": 0.3, "live": 0.1}
"""False positives a tuning photograph may show. A live picture repeats its mistakes, a photo shows
each only once."""


def choose_operating_points(
    manifest: CascadeManifest, models: Path, photos: Sequence[Photo]
) -> tuple[dict[str, FinderPreset], dict[str, list[dict[str, float]]]]:
    """Set the minimum score of each preset.

    Args:
        manifest: of the cascades, its presets with `EVERY_SCORE`.
        models: folder of the cascades.
        photos: to tune by.

    Returns:
        The presets, and for each the curve of recall against false positives.
    """
    presets: dict[str, FinderPreset] = {}
    curves: dict[str, list[dict[str, float]]] = {}
    for name, settings in manifest.presets.items():
        finder = CascadeFaceFinder(manifest, models, settings)
        tally = tally_photos(photos, search_photos(finder, photos))
        score = min_score(tally, FALSE_PER_PHOTO[name])
        presets[name] = replace(settings, min_score=round(score, 3))
        curves[name] = curve(tally)
    return presets, curves


def min_score(tally: Tally, false_per_photo: float) -> float:
    """The lowest score at which at most so many false positives a photograph are left."""
    ordered = sorted(tally.false_scores, reverse=True)
    n_allowed = int(false_per_photo * tally.photos)
    found = [p.score for p in tally.people if p.score is not None]
    lowest = min([*found, *ordered], default=0.0)
    return lowest if n_allowed >= len(ordered) else ordered[n_allowed] + 1e-3
