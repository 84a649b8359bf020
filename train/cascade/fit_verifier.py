"""Training of the verifier: large stages over channel mosaics of proposals in photographs."""

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from maskdet_core.faces.channels import MOSAIC_SIZE
from train.cascade.boost import StageGoal, fit_stage
from train.cascade.channel_features import mosaic_features
from train.cascade.fit_proposals import N_PROCESSES
from train.cascade.progress import Progress
from train.cascade.verifier_samples import Mosaics, VisitConfig, visits
from train.data.detection import Scene
from train.errors import DataError

HELD_EVERY = 8
"""Every eighth photograph sets thresholds and is not trained on."""
LEAST_OTHERS = 200
_SCENES_A_JOB = 30


@dataclass(frozen=True, slots=True)
class VerifierStage:
    """One stage of the verifier.

    Attributes:
        goal: see there; the trees of the stage before are kept and more are added.
        visits: how many varied copies of each photograph it is trained on.
    """

    goal: StageGoal
    visits: int


def default_verifier_stages() -> tuple[VerifierStage, ...]:
    """A first stage that drops most proposals cheaply, then ones that rank the rest.

    Each goes on from the trees of the one before, with proposals that pass it.
    """
    first = StageGoal(
        150,
        leaves=8,
        learning_rate=0.15,
        recall=0.985,
        windows=2,
        false_rate=0.0,
        feature_share=0.1,
        bagging=0.7,
        l2=5.0,
    )
    second = replace(first, max_trees=600, learning_rate=0.1)
    third = replace(second, max_trees=900, learning_rate=0.08, recall=0.975)
    return VerifierStage(first, 2), VerifierStage(second, 4), VerifierStage(third, 6)


@dataclass(frozen=True, slots=True)
class VerifierConfig:
    """Size and strictness of the training."""

    stages: tuple[VerifierStage, ...] = field(default_factory=default_verifier_stages)
    features: int = 4_000
    held_visits: int = 3
    seed: int = 0
    photos: VisitConfig = field(default_factory=VisitConfig)


def fit_verifier(
    config: VerifierConfig,
    proposals_file: Path,
    scenes: Sequence[Scene],
    folder: Path,
    *,
    resume: bool = False,
) -> Path:
    """Train the verifier of a trained proposal cascade.

    Args:
        config: stages, sizes, seed.
        proposals_file: cascade of the proposals.
        scenes: whole photographs with reference boxes.
        folder: of the run.
        resume: go on after the last whole stage.

    Returns:
        The cascade's file.

    Raises:
        DataError: too few photographs with faces.
        RunError: see `Progress.start`.
    """
    photos = [scene for scene in scenes if not scene.is_crop]
    held, trained_on = photos[::HELD_EVERY], [s for i, s in enumerate(photos) if i % HELD_EVERY]
    if not any(s.boxes for s in held) or not any(s.boxes for s in trained_on):
        raise DataError("expected whole photographs with faces in them, to learn from and to hold")
    progress = Progress(folder)
    cascade = progress.start(config, resume=resume, size=MOSAIC_SIZE)
    context = get_context("spawn")
    with ProcessPoolExecutor(N_PROCESSES, mp_context=context) as pool:
        for number in range(len(cascade.stages), len(config.stages)):
            started = time.monotonic()
            stage = config.stages[number]
            seed = config.seed * 1000 + 500 + number
            file = progress.xml if cascade.stages else None
            drawn = _gather(pool, config, proposals_file, file, trained_on, stage.visits, seed)
            kept = _gather(pool, config, proposals_file, file, held, config.held_visits, seed + 100)
            shows = drawn.owner >= 0
            others = kept.mosaics[kept.owner < 0]
            if (~shows).sum() < LEAST_OTHERS or not len(others):
                print(f"only {(~shows).sum()} proposals are left to reject: done", flush=True)
                break
            prepared = time.monotonic()
            fitted, report = fit_stage(
                drawn.mosaics[shows],
                drawn.mosaics[~shows],
                _bags(kept, config.photos.faces, stage.goal.windows),
                others,
                mosaic_features(config.features, np.random.default_rng(seed)),
                stage.goal,
                seed,
                base=cascade.stages[-1].trees if cascade.stages else (),
            )
            cascade = cascade.followed_by(fitted)
            report |= {
                "stage": number,
                "positives": int(shows.sum()),
                "negatives": int((~shows).sum()),
                "visits": stage.visits * len(trained_on),
                "preparation_s": round(prepared - started, 1),
                "boosting_s": round(time.monotonic() - prepared, 1),
            }
            progress.add(cascade, report)
    return progress.xml


def _gather(
    pool: ProcessPoolExecutor,
    config: VerifierConfig,
    proposals_file: Path,
    verifier_file: Path | None,
    scenes: Sequence[Scene],
    n_visits: int,
    seed: int,
) -> Mosaics:
    jobs = [
        pool.submit(
            visits,
            proposals_file,
            verifier_file,
            scenes[i : i + _SCENES_A_JOB],
            [seed, v, i],
            config.photos,
        )
        for v in range(n_visits)
        for i in range(0, len(scenes), _SCENES_A_JOB)
    ]
    mosaics, owners, n_faces = [], [], 0
    for job in tqdm(jobs, desc="visiting photographs", unit="part"):
        part = job.result()
        mosaics.append(part.mosaics)
        owners.append(np.where(part.owner < 0, -1, part.owner + n_faces))
        n_faces += int(part.owner.max(initial=-1)) + 1
    return Mosaics(np.concatenate(mosaics), np.concatenate(owners))


def _bags(found: Mosaics, most: int, least: int) -> NDArray[np.uint8]:
    """Up to `most` mosaics of each face that has `least`: (faces, most, 96, 144), 0 where fewer."""
    faces, counts = np.unique(found.owner[found.owner >= 0], return_counts=True)
    faces = faces[counts >= least]
    bags = np.zeros((len(faces), most, *found.mosaics.shape[1:]), np.uint8)
    for bag, face in zip(bags, faces, strict=True):
        mosaics = found.mosaics[found.owner == face][:most]
        bag[: len(mosaics)] = mosaics
    return bags
