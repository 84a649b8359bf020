"""The workshop's commands and their options."""

import argparse
from pathlib import Path

from train import configs

FINDER_FILE = Path("models/maskdet-haar.json")
SAMPLES_FOLDER = Path("maskdet_app/photo/samples")


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
        description="Train VGG19 at 128×128: upper blocks first, then deeper. Every epoch "
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
        default=FINDER_FILE,
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
    evaluate.add_argument(
        "--held-out-run",
        type=Path,
        metavar="RUN",
        help="a run that held picture sets out, to measure on these",
    )
    evaluate.add_argument("--models", type=Path, default=Path("models"), metavar="DIR")

    ablate = commands.add_parser(
        "ablate",
        parents=[data],
        help="train the named configurations side by side",
        description="Train every named configuration for the same few epochs from the same seed, "
        "measure all on the same faces and write the table for metrics page and model card. "
        "What has finished is not trained again.",
    )
    ablate.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the runs")
    ablate.add_argument("--hands", type=Path, required=True, metavar="DIR")
    ablate.add_argument("--weights", default="imagenet", metavar="imagenet|none|FILE")
    ablate.add_argument("--finder", type=Path, default=FINDER_FILE, metavar="FILE")
    ablate.add_argument("--models", type=Path, default=Path("models"), metavar="DIR")
    ablate.add_argument("--only", nargs="+", metavar="NAME", help="these configurations only")
    ablate.add_argument("--frozen-epochs", type=int, default=1, metavar="N")
    ablate.add_argument("--full-epochs", type=int, default=2, metavar="N")
    ablate.add_argument("--epoch-samples", type=int, default=5_000, metavar="N")
    ablate.add_argument("--seed", type=int, default=20, metavar="N")

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

    samples = commands.add_parser(
        "samples",
        help="make the photo page's sample pictures",
        description="Write a public-domain portrait as it is, with a drawn mask and with a drawn "
        "hand before the mouth. Needs scikit-image (requirements-dev.txt), which carries it.",
    )
    samples.add_argument(
        "--out",
        type=Path,
        default=SAMPLES_FOLDER,
        metavar="DIR",
        help=f"where to (default: {SAMPLES_FOLDER})",
    )
    return top
