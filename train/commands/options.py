"""Options and first steps that several commands share."""

import argparse
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.loading import STOCK
from maskdet_core.faces.manifest import CascadeManifest
from train.data.faces.datasets import read_datasets
from train.data.files.result_cache import CacheFiles
from train.data.splits.finder_data import FinderData, finder_data
from train.data.splits.split import Split, split_samples

FINDER_FILE = Path("models/maskdet-haar.json")
MODELS_FOLDER = Path("models")
HARD_NEGATIVE_SCORE = -4.0
"""Minimum score of the face finder while hard negatives are collected: lower than in the app."""


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add `--data`: the picture sets."""
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="picture sets in Kaggle layout: DIR/{Train,Validation,Test}/{WithMask,WithoutMask}/ "
        "or DIR/…/{Mask,Non Mask}/ or DIR/…/{with_mask,without_mask,worn_wrong}/; whole "
        "photographs need DIR/boxes.json or, labelled by the face, DIR/photos.json",
    )


def add_caches(parser: argparse.ArgumentParser) -> None:
    """Add `--hard-negatives` and `--eyes`: files that runs share."""
    parser.add_argument(
        "--hard-negatives",
        type=Path,
        metavar="FILE",
        help="JSON file that keeps the finder's false positives of each photograph for other runs; "
        "made or extended as needed (finding them takes minutes)",
    )
    parser.add_argument(
        "--eyes",
        type=Path,
        metavar="FILE",
        help="JSON file that keeps the eyes of bare faces, which masks are drawn by; likewise",
    )


def cache_files(options: argparse.Namespace) -> CacheFiles:
    """The files that `add_caches` asks for."""
    return CacheFiles(options.hard_negatives, options.eyes)


def add_photos(parser: argparse.ArgumentParser) -> None:
    """Add the option for photographs with hand-drawn boxes."""
    parser.add_argument(
        "--photos",
        type=Path,
        required=True,
        metavar="DIR",
        help="photographs with hand-drawn boxes: DIR/photos.json",
    )


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add `--models`: the folder of what ships."""
    parser.add_argument("--models", type=Path, default=MODELS_FOLDER, metavar="DIR")


def read_split(roots: Sequence[Path], hold_out: Collection[str] = ()) -> Split:
    """Read the picture sets, split them, and print the sizes.

    Raises:
        DataError: see `read_datasets` and `split_samples`.
    """
    print("reading and grouping pictures …", flush=True)
    split = split_samples(read_datasets(roots), hold_out)
    print(
        f"{len(split.train)} faces to train on, {len(split.validation)} to validate, "
        f"{len(split.leak_free_test)} in the leak-free test; "
        f"{split.n_published_test_with_relative} of {len(split.published_test)} published test "
        "faces have a relative in the published training part; "
        f"{len(split.street_test)} in the street test, {len(split.wild_test)} in the wild test",
        flush=True,
    )
    return split


def read_finder_data(roots: Sequence[Path]) -> FinderData:
    """Read the picture sets for the face finder, and print the sizes.

    Raises:
        DataError: see `read_split` and `finder_data`.
    """
    data = finder_data(roots, read_split(roots))
    print(
        f"{len(data.faces)} faces, {len(data.scenes)} pictures to mine; held out: "
        f"{len(data.held_faces)} faces, {len(data.tune)} photographs to tune by, "
        f"{len(data.test)} to test",
        flush=True,
    )
    return data


def hard_negative_finder(manifest: Path) -> CascadeFaceFinder | None:
    """The trained finder with a low minimum score; None where OpenCV's stock one is asked for."""
    if str(manifest) == STOCK:
        return None
    trained = CascadeManifest.load(manifest)
    preset = replace(trained.presets["photo"], min_score=HARD_NEGATIVE_SCORE)
    return CascadeFaceFinder(trained, manifest.parent, preset)
