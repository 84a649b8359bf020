"""`python -m train proposals`: train the Haar cascade that proposes windows to a network."""

import argparse
from pathlib import Path

from train.commands.options import add_data, add_models, add_photos, read_finder_data
from train.data.annotations.photos import read_photos
from train.data.negatives.doubtful_boxes import cached_doubtful_boxes
from train.data.splits.finder_data import photos_of
from train.proposals.drawn_faces import LEAST_HELD_PX, drawn_faces, drawn_scenes, held_out
from train.shipped import FINDER

DESCRIPTION = (
    "Train a Haar cascade of stumps over small windows, which proposes generously and fast: on "
    "photographs with hand-drawn boxes, and on the sets of --data beside them. `train finder "
    "--proposals` trains the network that verifies what it proposes."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    add_photos(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    add_models(parser)
    parser.add_argument(
        "--windows",
        type=int,
        default=20_000,
        metavar="N",
        help="windows of faces, and as many without, a stage learns from (default: 20000)",
    )
    parser.add_argument(
        "--features",
        type=int,
        default=1_500,
        metavar="N",
        help="random features that a stage chooses from (default: 1500)",
    )
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="(default: 2)")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--resume", action="store_true", help="go on after the last whole stage")


def run(options: argparse.Namespace) -> None:
    """Train, and print where the cascade is."""
    # LightGBM takes a second to load
    from train.proposals.fit import ProposalsConfig, fit_proposals

    data = read_finder_data(options.data)
    drawn = [photo for photo in read_photos(options.photos) if photo.split == "train"]
    learn, held = held_out(drawn)
    photos = [*drawn, *photos_of(data.scenes)]
    doubts = options.out.with_suffix(".doubtful.json")
    doubtful = cached_doubtful_boxes(doubts, photos, options.models / f"{FINDER}.json")
    scenes = [
        *drawn_scenes(photos, doubtful),
        *(scene for scene in data.scenes if scene.is_crop),
    ]
    config = ProposalsConfig(
        positives=options.windows,
        negatives=options.windows,
        features=options.features,
        held_bags=options.windows // 10,
        keep_hard=options.windows // 2,
        seed=options.seed,
    )
    file = fit_proposals(
        config,
        [*data.faces, *drawn_faces(learn)],
        [*data.held_faces, *drawn_faces(held, LEAST_HELD_PX)],
        scenes,
        options.out,
        resume=options.resume,
        processes=options.processes,
    )
    print(f"cascade: {file}")
