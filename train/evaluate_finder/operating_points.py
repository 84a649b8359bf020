"""Operating points of a finder with a network: what its scores mean, and each minimum score."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeManifest, FinderPreset
from train.data.annotations.photos import LabelledPhoto
from train.evaluate_finder.drawn_boxes import score_at, tally_finders
from train.verifier.calibration import fit_log_odds

EVERY_SCORE: Final = -1e3
"""A minimum score that drops nothing."""
SEARCHES: Final = {
    "photo": FinderPreset(1.5, EVERY_SCORE, max_windows=400, least_window=1.2, stages=6),
    "live": FinderPreset(1.8, EVERY_SCORE, max_windows=60, least_window=1.6, stages=6),
}
"""Large steps and windows, since the network moves each window onto its face; without the
proposer's last stage, whose trees take as long as the network. The minimum score is set by
`with_operating_points`."""
FURTHER_PER_PHOTO: Final = {"photo": 1.0, "live": 0.3}
"""Boxes a tuning photograph that match no labelled face, some of them faces that nobody labelled.
A live picture repeats its mistakes, a photo shows each only once."""
CANDIDATES_PER_PHOTO: Final = {"photo": 3.0, "live": 1.0}
"""The same where the classifier has the last word: it is sure of large portraits, which the
verifying network has seen few of."""


def with_operating_points(
    manifest: CascadeManifest, models: Path, photos: Sequence[LabelledPhoto]
) -> CascadeManifest:
    """Calibrate the scores of a finder and choose the minimum score of each preset.

    Args:
        manifest: its presets with `EVERY_SCORE`, its networks with scale 1 and shift 0.
        models: folder of its files.
        photos: to tune by; nothing was learned from them.

    Raises:
        DataError: no face is found in the photographs, or nothing else.
    """
    tallies = tally_finders(
        photos,
        {
            name: CascadeFaceFinder(manifest, models, settings)
            for name, settings in manifest.presets.items()
        },
    )
    thorough = tallies["photo"]
    on_faces = [face.score for face in thorough.faces if face.score is not None]
    logits = np.array([*on_faces, *thorough.further])
    scale, shift = fit_log_odds(logits, np.arange(len(logits)) < len(on_faces))
    scoring = manifest.second_look or manifest.first_look
    calibrated = replace(scoring, scale=round(scale, 4), shift=round(shift, 4))
    lowest = logits.min()

    def score(name: str, further: Mapping[str, float]) -> float:
        logit = max(score_at(tallies[name], further[name]), lowest)
        return round(float(calibrated.log_odds(logit)), 3)

    presets = {
        name: replace(
            settings,
            min_score=score(name, FURTHER_PER_PHOTO),
            candidate_score=score(name, CANDIDATES_PER_PHOTO),
        )
        for name, settings in manifest.presets.items()
    }
    if manifest.second_look is None:
        return replace(manifest, first_look=calibrated, presets=presets)
    return replace(manifest, second_look=calibrated, presets=presets)
