"""`python -m train finder`: train the verifier's networks, calibrate them, publish the finder."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from maskdet_core.errors import CascadeError
from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.manifest import CascadeFile, CascadeManifest, NetworkFile
from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.windows import ASPECT
from maskdet_core.files import file_sha256, write_atomic
from maskdet_core.records.finder import RECORDED
from train.commands.options import add_data, add_models, add_photos, read_finder_data
from train.data.annotations.photos import LabelledPhoto, read_photos
from train.data.files.records import now_iso, read_records
from train.data.splits.finder_data import photos_of
from train.evaluate_finder.operating_points import SEARCHES, with_operating_points
from train.proposals.opencv_xml import read_cascade
from train.shipped import FINDER, FINDER_NAME
from train.verifier.fit import ROUNDS, Run, fit_first, fit_second
from train.verifier.framing import FIRST_LOOK, SECOND_LOOK, Framing
from train.verifier.samples import STEPS

if TYPE_CHECKING:
    from train.verifier.network import VerifierConfig

DESCRIPTION = (
    "Train the two networks that verify the cascade's proposals on whole photographs: the first on "
    "proposals and once more on those that it got wrong, the second on what the first leaves of "
    "them; calibrate the scores and choose the minimum scores on held-out photographs; write "
    "cascade, networks and manifest to --models."
)

SECOND_SEARCHES: Final = tuple(
    replace(SEARCHES["photo"], scale_step=step, least_window=least)
    for step, least in ((1.3, 1.2), (1.5, 1.2), (1.8, 1.6))
)
"""Searches before the second look, one drawn a visit: near those of the presets."""


@dataclass(frozen=True, slots=True)
class Networks:
    """The verifier's networks, in int8 LiteRT.

    Attributes:
        first: looks at proposals.
        second: looks at what the first leaves; None while it is not trained.
    """

    first: bytes
    second: bytes | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    add_photos(parser)
    parser.add_argument(
        "--proposals",
        type=Path,
        metavar="XML",
        help="trained cascade (default: the one in --models)",
    )
    parser.add_argument(
        "--first",
        type=Path,
        metavar="TFLITE",
        help="trained first network, to train the second alone",
    )
    parser.add_argument(
        "--second",
        type=Path,
        metavar="KERAS",
        help="trained second network to go on from, fit-second/final.keras of a run",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    add_models(parser)
    parser.add_argument("--epochs", type=int, default=12, metavar="N", help="(default: 12)")
    parser.add_argument("--steps", type=int, default=500, metavar="N", help="(default: 500)")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--resume", action="store_true", help="go on after the last whole epoch")


def run(options: argparse.Namespace) -> None:
    """Train, publish, and print where the manifest is."""
    # TensorFlow takes seconds to load
    from train.verifier.network import FIRST_NETWORK, SECOND_NETWORK

    data = read_finder_data(options.data)
    drawn = read_photos(options.photos)
    photos = [*(p for p in drawn if p.split == "train"), *photos_of(data.scenes)]
    proposals = options.proposals or options.models / f"{FINDER}-search.xml"
    first, second = (
        replace(config, epochs=options.epochs, steps=options.steps, seed=options.seed)
        for config in (FIRST_NETWORK, SECOND_NETWORK)
    )
    doubting = options.models / f"{FINDER}.json"
    networks = train(
        Run(photos, doubting, options.out, options.resume),
        first if options.first is None else options.first.read_bytes(),
        second,
        proposals,
        options.second,
    )
    training = {
        "date": now_iso(),
        "datasets": [root.name for root in (*options.data, options.photos)],
        "photos": len(photos),
        "faces": sum(len(p.boxes) for p in photos),
        "epochs": [
            {"round": number, **record}
            for number, name in enumerate(ROUNDS)
            for record in read_records(options.out / name / "epochs.jsonl")
        ],
    }
    tuning = [p for p in drawn if p.split == "val"]
    print(f"manifest: {publish(proposals, networks, tuning, options.models, training)}")


def train(
    run: Run,
    first: "VerifierConfig | bytes",
    second: "VerifierConfig",
    proposals: Path,
    start: Path | None = None,
) -> Networks:
    """Train both networks, or the second alone.

    Args:
        run: what the trainings have in common.
        first: of the first network's first round, or that network, already trained.
        second: of the second network.
        proposals: the trained cascade's file.
        start: a trained second network to go on from.
    """
    run.out.mkdir(parents=True, exist_ok=run.resume)
    if not isinstance(first, bytes):
        window_px = read_cascade(proposals).size[0]
        proposers = [HaarProposer(proposals, window_px, step) for step in STEPS]
        first = fit_first(run, first, proposers)
    folder = run.out / "first"
    manifest = _write_files(proposals, Networks(first), folder)
    finders = [CascadeFaceFinder(manifest, folder, search) for search in SECOND_SEARCHES]
    return Networks(first, fit_second(run, second, finders, start))


def publish(
    proposals: Path,
    networks: Networks,
    photos: Sequence[LabelledPhoto],
    folder: Path,
    training: dict[str, Any],
) -> Path:
    """Write cascade, networks and manifest to a folder.

    Recorded figures of a finder that is gone are carried over from the manifest that was there.

    Args:
        proposals: the cascade's file.
        networks: that verify.
        photos: held out, to calibrate the scores and choose the minimum scores by.
        folder: for the files.
        training: the manifest's record.

    Returns:
        The manifest's path.
    """
    manifest = with_operating_points(_write_files(proposals, networks, folder), folder, photos)
    path = folder / f"{FINDER}.json"
    replace(manifest, training=training, evaluation=_recorded_figures(path)).save(path)
    return path


def _write_files(proposals: Path, networks: Networks, folder: Path) -> CascadeManifest:
    """Write cascade and networks; a manifest of them that keeps boxes of every score."""
    folder.mkdir(parents=True, exist_ok=True)
    search = folder / f"{FINDER}-search.xml"
    if proposals.resolve() != search.resolve():
        write_atomic(search, proposals.read_bytes())
    second = networks.second
    return CascadeManifest(
        name=FINDER_NAME,
        proposals=CascadeFile.of(search),
        first_look=_written(folder / f"{FINDER}-first.tflite", networks.first, FIRST_LOOK),
        second_look=None
        if second is None
        else _written(folder / f"{FINDER}-second.tflite", second, SECOND_LOOK),
        window_px=read_cascade(proposals).size[0],
        width=ASPECT,
        height=1.0,
        shift_y=0.0,
        presets=SEARCHES,
    )


def _written(path: Path, network: bytes, framing: Framing) -> NetworkFile:
    write_atomic(path, network)
    return NetworkFile(path.name, file_sha256(path), framing.input_px, framing.context)


def _recorded_figures(path: Path) -> dict[str, Any]:
    """Of the evaluation in the manifest that is replaced: what nobody can measure again."""
    try:
        evaluation = CascadeManifest.load(path).evaluation
    except CascadeError:
        return {}
    return {name: value for name, value in evaluation.items() if name == RECORDED}
