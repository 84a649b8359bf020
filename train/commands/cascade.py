"""`python -m train cascade`: train proposals and verifier, choose operating points, publish."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from maskdet_core.faces.manifest import CascadeFile, CascadeManifest
from maskdet_core.files import write_atomic
from train.cascade.haar import WINDOW_PX
from train.cascade.progress import Progress
from train.commands.options import add_data, add_models, read_cascade_data
from train.data.boxes import box_size
from train.data.detection import CascadeData
from train.data.records import now_iso
from train.errors import RunError
from train.evaluate_finder.operating_points import SEARCHES, choose_operating_points
from train.shipped import FINDER, TREES_FOLDER, TREES_NAME

DESCRIPTION = (
    "Train a Haar cascade that proposes masked and bare faces and one that "
    "verifies the proposals, stage by stage, choose their thresholds on held-out "
    "photographs, and write them with their manifest to the folder "
    f"{TREES_FOLDER} in --models. The finder that ships is verified by a network; see `finder`."
)

PROPOSALS: Final = "search"
VERIFIER: Final = "check"
PARTS: Final = (PROPOSALS, VERIFIER)
"""Folders of a run, one cascade each, named as in the manifest."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    add_models(parser)
    parser.add_argument(
        "--windows",
        type=int,
        default=40_000,
        metavar="N",
        help="windows of faces, and as many without, a stage learns from (default: 40000)",
    )
    parser.add_argument(
        "--features",
        type=int,
        default=3_000,
        metavar="N",
        help="random features that a stage chooses from (default: 3000)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--resume", action="store_true", help="go on after the last whole stage")


def run(options: argparse.Namespace) -> None:
    """Train both cascades, publish them, and print where the manifest is."""
    # LightGBM takes a second to load
    from train.cascade.fit_proposals import ProposalsConfig, default_goals, fit_proposals
    from train.cascade.fit_verifier import VerifierConfig, fit_verifier

    data = read_cascade_data(options.data)
    proposals, verifier = (options.out / part for part in PARTS)
    # an interruption may have come before the verifier was begun
    resume_proposals, resume_verifier = (
        options.resume and folder.exists() for folder in (proposals, verifier)
    )
    config = ProposalsConfig(
        positives=options.windows,
        negatives=options.windows,
        features=options.features,
        seed=options.seed,
        goals=default_goals(),
    )
    file = fit_proposals(
        config, data.faces, data.held_faces, data.scenes, proposals, resume=resume_proposals
    )
    fit_verifier(
        VerifierConfig(seed=options.seed), file, data.scenes, verifier, resume=resume_verifier
    )
    names = [root.name for root in options.data]
    print(f"manifest: {publish(options.out, data, options.models / TREES_FOLDER, names)}")


def publish(run: Path, data: CascadeData, models: Path, datasets: Sequence[str]) -> Path:
    """Copy the run's cascades to `models`, choose their operating points, write their manifest.

    Args:
        run: folder of a training.
        data: its faces and photographs; the tuning photographs set the thresholds.
        models: folder for the files.
        datasets: names of the picture sets.

    Returns:
        The manifest's path.

    Raises:
        RunError: a cascade of `run` is not trained.
    """
    models.mkdir(parents=True, exist_ok=True)
    progress = {part: Progress(run / part) for part in PARTS}
    files = {part: _copied(progress[part], models / f"{FINDER}-{part}.xml") for part in PARTS}
    width, height = box_size(1.0)
    manifest = CascadeManifest(
        name=TREES_NAME,
        proposals=files[PROPOSALS],
        verifier=files[VERIFIER],
        window_px=WINDOW_PX,
        width=round(width, 4),
        height=round(height, 4),
        shift_y=0.0,
        presets=SEARCHES,
        training=_training(data, datasets, progress),
    )
    presets, curves = choose_operating_points(manifest, models, data.tune)
    manifest = replace(manifest, presets=presets, evaluation={"tuning_curves": curves})
    path = models / f"{FINDER}.json"
    manifest.save(path)
    return path


def _copied(progress: Progress, path: Path) -> CascadeFile:
    if not progress.stages() or not progress.xml.is_file():
        raise RunError(f"expected a trained cascade in {progress.folder}")
    write_atomic(path, progress.xml.read_bytes())
    return CascadeFile.of(path)


def _training(
    data: CascadeData, datasets: Sequence[str], progress: dict[str, Progress]
) -> dict[str, Any]:
    """What the manifest says of the training."""
    return {
        "date": now_iso(),
        "datasets": list(datasets),
        "faces": len(data.faces),
        "scenes": len(data.scenes),
        "stages": [{"part": part, **stage} for part in PARTS for stage in progress[part].stages()],
    }
