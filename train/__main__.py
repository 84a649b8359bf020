"""Command line of the workshop.

`python -m train fit | export | evaluate` make the classifier, `cascade | evaluate-detector` the
face finder.
"""

import argparse
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from train import configs
from train.errors import TrainError

if TYPE_CHECKING:
    from maskdet_core.trained_finder import TrainedFaceFinder
    from train.config import FitConfig
    from train.split import Split

NO_FACE_SCORE = -2.0
"""Least score of the face finder while it looks for what is no face: lower than in the app."""


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="python -m train",
        description="Train, export and evaluate the mask classifier and the face cascade.",
    )
    commands = top.add_subparsers(dest="command", required=True)

    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="picture sets in Kaggle layout: DIR/{Train,Validation,Test}/{WithMask,WithoutMask}/ "
        "or DIR/…/{Mask,Non Mask}/; whole photographs need DIR/boxes.json",
    )

    fit = commands.add_parser(
        "fit",
        parents=[data],
        help="train VGG19",
        description="Train VGG19 at 128×128: blocks 1-3 fixed first, then end to end. Every epoch "
        "leaves a checkpoint and a metrics record in --out; the metrics page follows along.",
    )
    fit.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    fit.add_argument(
        "--weights",
        default="imagenet",
        metavar="imagenet|none|FILE",
        help="start weights: a .npz of VGG19's layers or the model.keras of an earlier run "
        "(default: imagenet, which needs a network)",
    )
    fit.add_argument(
        "--hands",
        type=Path,
        metavar="DIR",
        help="pictures of hands on a plain ground, to lay over faces",
    )
    fit.add_argument(
        "--finder",
        type=Path,
        default=Path("models/maskdet-haar.json"),
        metavar="FILE",
        help="face finder whose false alarms teach the network what no face is "
        "(default: models/maskdet-haar.json)",
    )
    fit.add_argument(
        "--config",
        default=configs.DEFAULT,
        choices=configs.names(),
        help=f"named configuration (default: {configs.DEFAULT}); the options below change it",
    )
    fit.add_argument("--no-hands", action="store_true", help="do without pictures of hands")
    fit.add_argument("--frozen-epochs", type=int, metavar="N", help="of the first phase")
    fit.add_argument("--full-epochs", type=int, metavar="N", help="of the second phase")
    fit.add_argument("--epoch-samples", type=int, metavar="N", help="augmented faces an epoch")
    fit.add_argument("--batch-size", type=int, metavar="N")
    fit.add_argument("--learning-rate", type=float, metavar="RATE")
    fit.add_argument("--full-learning-rate", type=float, metavar="RATE")
    fit.add_argument("--seed", type=int, metavar="N")
    fit.add_argument("--precision", choices=["auto", "float32", "mixed_bfloat16", "mixed_float16"])
    fit.add_argument(
        "--resume",
        action="store_true",
        help="go on after the last whole epoch of an interrupted run",
    )

    export = commands.add_parser(
        "export",
        parents=[data],
        help="write the int8 network and its manifest",
        description="Convert a trained network to full-integer int8 LiteRT, calibrated on training "
        "crops, with the manifest that the app trusts.",
    )
    export.add_argument("run", type=Path, help="folder of a finished run")
    export.add_argument("--models", type=Path, default=Path("models"), metavar="DIR")
    export.add_argument(
        "--float",
        action="store_true",
        dest="float_too",
        help="also write the float network as .keras",
    )

    evaluate = commands.add_parser(
        "evaluate",
        parents=[data],
        help="measure the exported network",
        description="Measure the exported network on published and leak-free tests and on whole "
        "photographs; writes evaluation.json for the metrics page.",
    )
    evaluate.add_argument("run", type=Path, help="folder of the run that was exported")
    evaluate.add_argument(
        "--hands", type=Path, metavar="DIR", help="pictures of hands, for the test with hands"
    )
    evaluate.add_argument("--models", type=Path, default=Path("models"), metavar="DIR")

    cascade = commands.add_parser(
        "cascade",
        parents=[data],
        help="train the Haar cascades",
        description="Train a Haar cascade that searches for masked and bare faces and one that "
        "checks what the first finds, stage by stage, choose their thresholds on held-back "
        "photographs, and write them with their manifest to --models.",
    )
    cascade.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    cascade.add_argument("--models", type=Path, default=Path("models"), metavar="DIR")
    cascade.add_argument(
        "--windows",
        type=int,
        default=40_000,
        metavar="N",
        help="windows of faces, and of no faces, a stage learns from (default: 40000)",
    )
    cascade.add_argument(
        "--features",
        type=int,
        default=3_000,
        metavar="N",
        help="random features that a stage chooses from (default: 3000)",
    )
    cascade.add_argument("--seed", type=int, default=0, metavar="N")
    cascade.add_argument("--resume", action="store_true", help="go on after the last whole stage")

    detector = commands.add_parser(
        "evaluate-detector",
        parents=[data],
        help="measure the cascade beside OpenCV's own",
        description="Recall, false faces and time on photographs held back from training, for "
        "the trained cascade and the stock ones in one run; written to the cascade's manifest.",
    )
    detector.add_argument("--models", type=Path, default=Path("models"), metavar="DIR")
    detector.add_argument(
        "--dump-false",
        type=Path,
        metavar="DIR",
        help="also write crops of the false faces in the training photographs there",
    )
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when done, 1 with a plain line when it could not be, 2 on wrong usage."""
    args = parser().parse_args(argv)
    try:
        _dispatch(args)
    except TrainError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; go on with --resume", file=sys.stderr)
        return 130
    return 0


def _dispatch(args: argparse.Namespace) -> None:
    # each command imports what it needs only, since TensorFlow takes seconds to load
    from train.datasets import read_dataset
    from train.split import split_samples

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
        from train.fit import fit

        trained = fit(config, split, _finder(args.finder), args.out, args.hands, resume=args.resume)
        print(f"trained network: {trained}")
    elif args.command == "export":
        from train.export import export

        print(f"manifest: {export(args.run, split, args.models, float_too=args.float_too)}")
    elif args.command == "evaluate":
        from train.evaluate import evaluate

        print(f"evaluation: {evaluate(args.run, split, args.data, args.models, args.hands)}")
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


def _finder(manifest: Path) -> "TrainedFaceFinder | None":
    from maskdet_core.trained_finder import TrainedFaceFinder, load_finder

    finder = load_finder("photo", manifest)
    return finder.at(NO_FACE_SCORE) if isinstance(finder, TrainedFaceFinder) else None


def _dispatch_cascade(args: argparse.Namespace, split: "Split") -> None:
    from train.cascade.data import cascade_data

    data = cascade_data(args.data, split)
    print(
        f"{len(data.faces)} faces, {len(data.scenes)} pictures to mine; held back: "
        f"{len(data.held_faces)} faces, {len(data.tune)} photographs to tune by, "
        f"{len(data.test)} to test",
        flush=True,
    )
    if args.command == "cascade":
        from train.cascade.fit import CascadeConfig, default_goals, fit_cascade
        from train.cascade.fit_check import CheckConfig, fit_check
        from train.cascade.publish import PARTS, publish

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
        from train.cascade.evaluate import evaluate_detector

        print(f"evaluation: {evaluate_detector(data, args.models, args.dump_false)}")


if __name__ == "__main__":
    sys.exit(main())
