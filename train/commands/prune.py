"""`python -m train prune`: a slim network out of a trained one."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from train.commands.options import add_data, read_split
from train.data.faces.datasets import FaceSample
from train.data.faces.images import plain_crop
from train.data.files.records import now_iso, write_json
from train.network.config import CONVOLUTIONS, PRUNED_FILE

if TYPE_CHECKING:
    from train.network.prune import PrunedLayer

DESCRIPTION = (
    "Keep the channels of each block that the next layers need most, measured on real faces, and "
    "solve the next layers again for them. Writes start weights for `fit --weights` and a report "
    "by layer to --out."
)

REPORT_FILE = "prune.json"
MULTIPLE = 16
"""Widths are multiples of it, as the registers of processors are filled."""

CROPS = 256
"""Training faces that pruning measures on."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        required=True,
        metavar="RUN|FILE",
        help="folder of a finished run, its model.keras, or an exported .tflite with its manifest",
    )
    parser.add_argument(
        "--widths",
        type=widths,
        required=True,
        metavar="A,B,C,D,E",
        help=f"channels to keep in each of the five blocks, multiples of {MULTIPLE}",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--crops",
        type=int,
        default=CROPS,
        metavar="N",
        help=f"training faces to measure on (default: {CROPS})",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")


def run(options: argparse.Namespace) -> None:
    """Prune, and print the report and where the weights are."""
    split = read_split(options.data)
    chosen = sample_faces(split.train, options.crops, options.seed)
    written = prune_to(options.source, options.widths, chosen, options.out, options.seed)
    print(f"start weights: {written}")


def widths(text: str) -> tuple[int, ...]:
    """Widths of the five blocks from text such as "16,32,64,128,128".

    Raises:
        argparse.ArgumentTypeError: other than five multiples of `MULTIPLE`.
    """
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) != len(CONVOLUTIONS) or any(n < MULTIPLE or n % MULTIPLE for n in found):
        raise argparse.ArgumentTypeError(
            f"expected five multiples of {MULTIPLE} with commas, got {text!r}"
        )
    return found


def sample_faces(faces: Sequence[FaceSample], n: int, seed: int) -> list[FaceSample]:
    """At most n faces drawn at random, as many of each class as there are, up to an equal share."""
    rng = np.random.default_rng(seed)
    labels = sorted({face.label for face in faces})
    drawn: list[FaceSample] = []
    for label in labels:
        members = [face for face in faces if face.label == label]
        drawn += [members[i] for i in rng.permutation(len(members))[: n // len(labels)]]
    # the last ones are held out, so that no class is missing there
    return [drawn[i] for i in rng.permutation(len(drawn))]


def prune_to(
    source: Path, widths: Sequence[int], faces: Sequence[FaceSample], out: Path, seed: int
) -> Path:
    """Prune a trained network, write start weights and report, and print the report.

    Args:
        source: see `train.network.sources.read_trained`.
        widths: channels to keep in each block.
        faces: to measure on.
        out: folder for both files, made if absent.
        seed: of what is drawn at random.

    Returns:
        Path of the start weights.

    Raises:
        WeightsError, RunError: the source or the widths do not fit.
    """
    # TensorFlow takes seconds to load
    from train.network.prune import prune
    from train.network.sources import read_trained

    weights, network = read_trained(source)
    crops = np.stack([plain_crop(face) for face in faces])
    pruned, report = prune(weights, network, widths, crops, seed)
    out.mkdir(parents=True, exist_ok=True)
    path = out / PRUNED_FILE
    pruned.save(path)
    write_json(
        out / REPORT_FILE,
        {
            "format": 1,
            "created": now_iso(),
            "source": source.name,
            "widths": {"before": list(network.widths), "after": list(widths)},
            "crops": len(crops),
            "seed": seed,
            "layers": [
                {
                    "name": layer.name,
                    "channels": list(layer.channels),
                    "products": list(layer.products),
                    "parameters": list(layer.parameters),
                    "error": round(layer.error, 6),
                }
                for layer in report
            ],
        },
    )
    print(table(report))
    return path


def table(report: "Sequence[PrunedLayer]") -> str:
    """The report as aligned text; products and parameters in millions."""
    products, parameters = (
        (sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs))
        for pairs in ([r.products for r in report], [r.parameters for r in report])
    )
    lines = [f"{'layer':<14}{'channels':>12}{'products, M':>20}{'parameters, M':>20}{'error':>8}"]
    lines += [
        f"{layer.name:<14}{_pair(layer.channels, 1, 0):>12}{_pair(layer.products, 1e6, 1):>20}"
        f"{_pair(layer.parameters, 1e6, 3):>20}{layer.error:>8.3f}"
        for layer in report
    ]
    total = f"{_pair(products, 1e6, 1):>20}{_pair(parameters, 1e6, 3):>20}"
    return "\n".join([*lines, f"{'all':<26}{total}"])


def _pair(values: tuple[int, int], unit: float, digits: int) -> str:
    before, after = values
    return f"{before / unit:.{digits}f} -> {after / unit:.{digits}f}"
