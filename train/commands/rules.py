"""`python -m train rules`: choose again what an exported network decides by."""

import argparse
from pathlib import Path

from maskdet_core.masks.classifier import MaskClassifier
from train.commands.options import FINDER_FILE, add_data, add_models, read_split
from train.data.annotations.photos import labelled_photos
from train.data.splits.finder_data import held_out_photos
from train.evaluate.face_rule import with_face_rules
from train.evaluate.judged import truths
from train.evaluate.test_sets import crops_of
from train.evaluate.thresholds import with_thresholds
from train.model_card.card import FILE as CARD
from train.shipped import NETWORK

DESCRIPTION = (
    "Choose again temperature and thresholds, on validation faces, and the rules by which finder "
    "and network together drop candidates, on held-out photographs, and write them to the "
    "network's manifest. For a network that was exported before its finder was trained; `export` "
    "does it by itself."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    add_models(parser)
    parser.add_argument(
        "--finder", type=Path, default=FINDER_FILE, metavar="FILE", help=f"(default: {FINDER_FILE})"
    )


def run(options: argparse.Namespace) -> None:
    """Choose the rules, and print where they are."""
    split = read_split(options.data)
    photos, _ = held_out_photos(options.data, split)
    path = options.models / f"{NETWORK}.json"
    classifier = MaskClassifier.from_manifest(path).with_one_view()
    crops = crops_of(split.validation)
    manifest = with_face_rules(
        with_thresholds(classifier, crops, classifier.logits(crops), truths(split.validation)),
        options.models,
        options.finder,
        photos,
        labelled_photos(options.data, {"val"}),
    )
    manifest.save(path)
    if (options.models / CARD).is_file():
        print(
            f"{CARD} states the earlier thresholds until `python -m train evaluate` writes it again"
        )
    print(f"manifest: {path}")
