"""Command line of the workshop.

`python -m train fit | export | evaluate | ablate` make the classifier, `cascade |
evaluate-detector` the face finder, `samples` the photo page's pictures.
"""

import argparse
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from train import configs
from train.commands.options import parser
from train.errors import RunError, TrainError

if TYPE_CHECKING:
    from maskdet_core.faces.cascade_finder import CascadeFaceFinder
    from train.data.split import Split
    from train.network.config import FitConfig

NO_FACE_SCORE = -2.0
"""Least score of the face finder while it looks for what is no face: lower than in the app."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when done, 1 with a plain line when it could not be, 2 on wrong usage."""
    args = parser().parse_args(argv)
    try:
        _dispatch(args)
    except (TrainError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; go on with --resume", file=sys.stderr)
        return 130
    return 0


def _dispatch(args: argparse.Namespace) -> None:
    # each command imports what it needs only, since TensorFlow takes seconds to load
    if args.command == "samples":
        from train.samples.portrait import write_samples

        print("\n".join(str(path) for path in write_samples(args.out)))
        return
    from train.data.datasets import read_dataset
    from train.data.split import split_samples

    print("reading and grouping pictures …", flush=True)
    config = _fit_config(args) if args.command == "fit" else None
    samples = [s for root in args.data for s in read_dataset(root)]
    split = split_samples(samples, config.hold_out if config else ())
    print(
        f"{len(split.train)} faces to train on, {len(split.validation)} to validate, "
        f"{len(split.leak_free_test)} in the leak-free test; "
        f"{split.n_published_test_with_relative} of {len(split.published_test)} published test "
        "faces have a relative in the published training part",
        flush=True,
    )
    if config is not None:
        from train.network.fit import fit

        trained = fit(config, split, _finder(args.finder), args.out, args.hands, resume=args.resume)
        print(f"trained network: {trained}")
    elif args.command == "export":
        from train.data.detection import held_back_photos
        from train.network.export import export

        photos, _ = held_back_photos(args.data, split)
        written = export(args.run, split, args.models, photos, float_too=args.float_too)
        print(f"manifest: {written}")
    elif args.command == "evaluate":
        from train.evaluate.classifier import evaluate

        written = evaluate(args.run, split, args.data, args.models, args.hands, args.held_out_run)
        print(f"evaluation: {written}")
    elif args.command == "ablate":
        _dispatch_ablate(args, split)
    else:
        _dispatch_cascade(args, split)


def _fit_config(args: argparse.Namespace) -> "FitConfig":
    config, _ = configs.load(args.config)
    asked = {
        field.name: value
        for field in fields(config)
        if (value := getattr(args, field.name, None)) is not None and field.name != "hands"
    }
    return replace(config, **asked, hands=config.hands and not args.no_hands)


def _finder(manifest: Path) -> "CascadeFaceFinder | None":
    from maskdet_core.faces.cascade_finder import CascadeFaceFinder
    from maskdet_core.faces.loading import load_finder

    finder = load_finder("photo", manifest)
    return finder.with_min_score(NO_FACE_SCORE) if isinstance(finder, CascadeFaceFinder) else None


def _dispatch_ablate(args: argparse.Namespace, split: "Split") -> None:
    from train.commands.ablate import Budget, ablate, comparable

    finder = _finder(args.finder)
    if finder is None:
        raise RunError(f"expected cascades of our own at {args.finder}")
    budget = Budget(args.frozen_epochs, args.full_epochs, args.epoch_samples, args.seed)
    names = args.only or comparable()
    written = ablate(names, budget, args.weights, split, finder, args.out, args.hands, args.models)
    print(f"table: {written}")


def _dispatch_cascade(args: argparse.Namespace, split: "Split") -> None:
    from train.data.detection import cascade_data

    data = cascade_data(args.data, split)
    print(
        f"{len(data.faces)} faces, {len(data.scenes)} pictures to mine; held back: "
        f"{len(data.held_faces)} faces, {len(data.tune)} photographs to tune by, "
        f"{len(data.test)} to test",
        flush=True,
    )
    if args.command == "cascade":
        from train.cascade.fit_proposals import CascadeConfig, default_goals, fit_cascade
        from train.cascade.fit_verifier import CheckConfig, fit_check
        from train.evaluate.operating_points import PARTS, publish

        config = CascadeConfig(
            positives=args.windows,
            negatives=args.windows,
            features=args.features,
            seed=args.seed,
            goals=default_goals(),
        )
        search, check = (args.out / part for part in PARTS)
        # an interruption may have come before the check began
        resume_check = args.resume and check.exists()
        file = fit_cascade(
            config,
            data.faces,
            data.held_faces,
            data.scenes,
            search,
            resume=args.resume and search.exists(),
        )
        fit_check(CheckConfig(seed=args.seed), file, data.scenes, check, resume=resume_check)
        names = [root.name for root in args.data]
        print(f"manifest: {publish(args.out, data, args.models, names)}")
    else:
        from train.evaluate.detector import evaluate_detector

        print(f"evaluation: {evaluate_detector(data, args.models, args.dump_false)}")


if __name__ == "__main__":
    sys.exit(main())
