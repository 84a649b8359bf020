"""Training of the proposals: a Haar cascade, with a report and a file after each stage."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from train.data.splits.finder_data import KnownFace, Scene
from train.errors import DataError
from train.proposals.boost import StageGoal, fit_stage, leading_stage
from train.proposals.faces import WindowConfig, bag_of_windows, random_window
from train.proposals.haar import Windows, random_features
from train.proposals.mining import mine
from train.proposals.model import Cascade
from train.proposals.progress import Progress

N_PROCESSES = 2
MASKED_SHARE = 0.55


def default_goals() -> tuple[StageGoal, ...]:
    """Stages that start with next to nothing; the network that verifies takes hundreds of windows.

    Most windows are rejected by a handful of stumps. The few that are left can pay for larger
    trees, and the last stage has many: its sum ranks the windows.
    """
    early = [
        StageGoal(n, 2, 0.8, recall=0.995, windows=1, false_rate=0.4, feature_share=0.5)
        for n in (4, 7, 12, 20)
    ]
    middle = StageGoal(30, 4, 0.4, recall=0.992, windows=1, false_rate=0.35)
    last = StageGoal(
        90,
        6,
        0.2,
        recall=0.98,
        windows=1,
        false_rate=0.0,
        samples=2.0,
        leading_trees=20,
        leading_recall=0.985,
    )
    return (*early, middle, last)


@dataclass(frozen=True, slots=True)
class ProposalsConfig:
    """Size and strictness of a training.

    Attributes:
        positives, negatives: windows that a stage learns from.
        features: that a stage chooses from.
        held_bags: held-out faces that the thresholds are set by.
        photo_share: share of the faces that are drawn from photographs, not from crops.
        held_photo_share: the same among those held out.
        max_visits: most pictures that are mined for one stage.
        keep_hard: most negatives that a stage hands on to the next.
        seed: of everything random.
        windows: how positives are cut and varied.
        goals: one a stage.
    """

    positives: int = 20_000
    negatives: int = 20_000
    features: int = 1_500
    held_bags: int = 2_000
    photo_share: float = 0.65
    held_photo_share: float = 0.8
    max_visits: int = 1_500
    keep_hard: int = 10_000
    seed: int = 0
    windows: WindowConfig = field(default_factory=WindowConfig)
    goals: tuple[StageGoal, ...] = field(default_factory=default_goals)


def fit_proposals(
    config: ProposalsConfig,
    faces: Sequence[KnownFace],
    held_faces: Sequence[KnownFace],
    scenes: Sequence[Scene],
    folder: Path,
    *,
    resume: bool = False,
    processes: int = N_PROCESSES,
) -> Path:
    """Train until the goals are reached or nothing is left to reject.

    Args:
        config: sizes, goals, seed.
        faces: to train on.
        held_faces: to set the thresholds by; other people than `faces`.
        scenes: pictures to mine for windows without a face.
        folder: of the run.
        resume: go on after the last whole stage.
        processes: that cut and mine windows, and threads that boost.

    Returns:
        The cascade's file.

    Raises:
        DataError: no faces or no scenes.
        RunError: see `Progress.start`.
    """
    if not faces or not held_faces or not scenes:
        raise DataError("expected faces to learn from, others to measure by, and pictures to mine")
    progress = Progress(folder)
    window_px = config.windows.window_px
    cascade = progress.start(config, resume=resume, size=(window_px, window_px))
    hard = np.empty((0, window_px, window_px), np.uint8)
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        bags = _bags(pool, config, held_faces)
        for number in range(_done(cascade, config.goals), len(config.goals)):
            started = time.monotonic()
            goal = config.goals[number]
            seed = config.seed * 1000 + number
            bags = _alive_bags(cascade, bags, goal.windows)
            n_positives = round(goal.samples * config.positives)
            positives = _positives(pool, config, faces, cascade, n_positives, seed)
            hard = hard[cascade.passing(hard)]
            n_new = round(goal.samples * config.negatives) - len(hard)
            mined, visits = _mined(pool, config, progress, cascade, scenes, n_new, seed, processes)
            rng = np.random.default_rng(seed)
            every = rng.permutation(np.concatenate([hard, mined]))
            if len(every) < 500:
                print(f"only {len(every)} windows are left to reject: done", flush=True)
                break
            held, negatives = every[: len(every) // 5], every[len(every) // 5 :]
            hard = every[-config.keep_hard :]
            prepared = time.monotonic()
            stage, report = fit_stage(
                positives,
                negatives,
                bags,
                held,
                random_features(round(goal.samples * config.features), rng, window_px),
                goal,
                seed,
                threads=processes,
            )
            if goal.leading_trees:
                cascade = cascade.followed_by(leading_stage(stage, bags, goal))
            cascade = cascade.followed_by(stage)
            report |= {
                "stage": number,
                "positives": len(positives),
                "negatives": len(negatives),
                "faces_kept": len(bags),
                "visits": visits,
                "mined": len(mined),
                "preparation_s": round(prepared - started, 1),
                "boosting_s": round(time.monotonic() - prepared, 1),
            }
            progress.add(cascade, report)
    return progress.xml


def _done(cascade: Cascade, goals: Sequence[StageGoal]) -> int:
    """How many of the goals the cascade's stages were trained for."""
    stages = np.cumsum([1 + bool(goal.leading_trees) for goal in goals])
    return int((stages <= len(cascade.stages)).sum())


def _alive_bags(cascade: Cascade, bags: NDArray[np.uint8], least: int) -> NDArray[np.uint8]:
    """Blank the windows that the cascade rejects, drop the faces with too few left."""
    if not cascade.stages:
        return bags
    flat = bags.reshape(-1, *bags.shape[2:])
    alive = cascade.passing(flat)
    kept = np.where(alive[:, None, None], flat, 0).reshape(bags.shape)
    enough = alive.reshape(bags.shape[:2]).sum(axis=1) >= least
    return np.asarray(kept[enough], np.uint8)


def _drawn(
    faces: Sequence[KnownFace], n: int, photo_share: float, rng: np.random.Generator
) -> list[KnownFace]:
    """Faces drawn evenly by class, and by photographs and crops as `photo_share` says."""
    chosen: list[KnownFace] = []
    for masked in (True, False):
        sides = [
            [f for f in faces if f.masked == masked and f.in_photo == p] for p in (True, False)
        ]
        of_class = MASKED_SHARE if masked else 1 - MASKED_SHARE
        share = photo_share if sides[0] and sides[1] else float(bool(sides[0]))
        for side, part in zip(sides, (share, 1 - share), strict=True):
            if side:
                chosen += [side[i] for i in rng.integers(0, len(side), round(n * of_class * part))]
    return chosen


def _chunks(items: Sequence[KnownFace], size: int = 500) -> Iterator[list[KnownFace]]:
    for i in range(0, len(items), size):
        yield list(items[i : i + size])


def _make_windows(faces: list[KnownFace], seed: list[int], config: WindowConfig) -> Windows:
    rng = np.random.default_rng(seed)
    return np.stack([random_window(face, rng, config) for face in faces])


def _make_bags(faces: list[KnownFace], seed: list[int], config: WindowConfig) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return np.stack([bag_of_windows(face, rng, config) for face in faces])


def _positives(
    pool: ProcessPoolExecutor,
    config: ProposalsConfig,
    faces: Sequence[KnownFace],
    cascade: Cascade,
    n: int,
    seed: int,
) -> Windows:
    """Fresh windows of faces that the cascade so far lets pass."""
    rng = np.random.default_rng([seed, 1])
    chosen = _drawn(faces, n, config.photo_share, rng)
    chosen.sort(key=lambda face: face.path)
    jobs = [
        pool.submit(_make_windows, part, [seed, 2, i], config.windows)
        for i, part in enumerate(_chunks(chosen))
    ]
    windows = np.concatenate([job.result() for job in jobs])
    return windows[cascade.passing(windows)]


def _bags(
    pool: ProcessPoolExecutor, config: ProposalsConfig, faces: Sequence[KnownFace]
) -> NDArray[np.uint8]:
    rng = np.random.default_rng([config.seed, 3])
    chosen = _drawn(faces, config.held_bags, config.held_photo_share, rng)
    # thresholds are set on faces as photographs show them, not on the hardest augmentations
    plain = replace(config.windows, roll_deg=3.0, blur=0.0, light=0.0, jpeg=0.0)
    jobs = [
        pool.submit(_make_bags, part, [config.seed, 4, i], plain)
        for i, part in enumerate(_chunks(chosen))
    ]
    return np.concatenate([job.result() for job in jobs])


def _mined(
    pool: ProcessPoolExecutor,
    config: ProposalsConfig,
    progress: Progress,
    cascade: Cascade,
    scenes: Sequence[Scene],
    n: int,
    seed: int,
    processes: int,
) -> tuple[Windows, int]:
    file = progress.xml if cascade.stages else None
    parts: list[Windows] = []
    total = visits = step = 0
    with tqdm(total=n, desc=f"stage {len(cascade.stages)}: mining", unit="window") as bar:
        while total < n and visits < config.max_visits:
            jobs = [
                pool.submit(
                    mine,
                    file,
                    scenes,
                    max(50, min((n - total) // processes + 1, 4_000)),
                    seed * 10_000 + step + i,
                    most=60,
                    max_visits=400,
                    window_px=config.windows.window_px,
                )
                for i in range(processes)
            ]
            step += processes
            for job in jobs:
                windows, seen = job.result()
                parts.append(windows)
                total += len(windows)
                visits += seen
                bar.update(len(windows))
    return np.concatenate(parts)[:n], visits
