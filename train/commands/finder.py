"""`python -m train finder`: train the verifier, calibrate it, publish the finder."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from maskdet_core.errors import CascadeError
from maskdet_core.faces.manifest import CascadeFile, CascadeManifest, NetworkFile
from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.verifier_network import VerifierNetwork
from maskdet_core.faces.windows import ASPECT
from maskdet_core.files import file_sha256, write_atomic
from maskdet_core.finder_records import RECORDED
from train.commands.options import add_data, add_models, add_photos, read_finder_data
from train.data.detection import photos_of
from train.data.doubtful_boxes import kept_doubtful_boxes
from train.data.photos import LabelledPhoto, read_photos
from train.data.records import now_iso, read_records
from train.evaluate_finder.operating_points import SEARCHES, with_operating_points
from train.proposals.opencv_xml import read_cascade
from train.shipped import FINDER, FINDER_NAME
from train.verifier.batches import CONTEXT, INPUT_PX, BatchSource, plain
from train.verifier.hard_negatives import HardWindows
from train.verifier.samples import STEPS, Samples, VisitConfig, visit_all

if TYPE_CHECKING:
    from train.verifier.network import VerifierConfig

DESCRIPTION = (
    "Train the network that verifies the cascade's proposals on whole photographs, once on "
    "proposals and once more on those that it got wrong; calibrate it and choose the minimum "
    "scores on held-out photographs; write cascade, network and manifest to --models."
)

VISITS: Final = (VisitConfig(), VisitConfig(zooms=(0.5, 1.3), others=45, jittered=3))
"""Each photograph is searched as it is, and once more at another size."""
HARD_VISIT: Final = VisitConfig(zooms=(0.7, 1.1), per_face=4, jittered=2)


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
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    add_models(parser)
    parser.add_argument("--epochs", type=int, default=12, metavar="N", help="(default: 12)")
    parser.add_argument("--steps", type=int, default=500, metavar="N", help="(default: 500)")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--resume", action="store_true", help="go on after the last whole epoch")


def run(options: argparse.Namespace) -> None:
    """Train, publish, and print where the manifest is."""
    # TensorFlow takes seconds to load
    from train.verifier.network import VerifierConfig

    data = read_finder_data(options.data)
    drawn = read_photos(options.photos)
    photos = [*(p for p in drawn if p.split == "train"), *photos_of(data.scenes)]
    proposals = options.proposals or options.models / f"{FINDER}-search.xml"
    config = VerifierConfig(epochs=options.epochs, steps=options.steps, seed=options.seed)
    network = train(config, photos, proposals, options.models, options.out, resume=options.resume)
    names = [root.name for root in (*options.data, options.photos)]
    tuning = [p for p in drawn if p.split == "val"]
    training = {
        "date": now_iso(),
        "datasets": names,
        "photos": len(photos),
        "faces": sum(len(p.boxes) for p in photos),
        "epochs": [
            {"round": number, **record}
            for number in range(2)
            for record in read_records(options.out / f"fit-{number}" / "epochs.jsonl")
        ],
    }
    print(f"manifest: {publish(proposals, network, tuning, options.models, training)}")


def train(
    config: "VerifierConfig",
    photos: Sequence[LabelledPhoto],
    proposals: Path,
    models: Path,
    out: Path,
    *,
    resume: bool,
) -> bytes:
    """Two rounds of training; what a run made already is not made again if `resume`.

    Args:
        config: of the first round.
        photos: to learn from.
        proposals: the trained cascade's file.
        models: folder of the finder that says which boxes are doubtful.
        out: folder of the run.
        resume: go on with the run in `out`.

    Returns:
        The network in int8 LiteRT.
    """
    from train.verifier.network import fit_verifier, load_verifier, to_int8

    seed = config.seed
    out.mkdir(parents=True, exist_ok=resume)
    proposers = [HaarProposer(proposals, read_cascade(proposals).size[0], step) for step in STEPS]
    doubts = out / "doubtful.json"
    doubtful = kept_doubtful_boxes(doubts, photos, models / f"{FINDER}.json")
    parts: list[Samples] = []
    for number, visit in enumerate(VISITS):
        file = out / f"samples-{number}.npz"
        if not file.exists():
            visit_all(photos, doubtful, proposers, seed + number, visit).save(file)
        parts.append(Samples.load(file))
    samples = Samples.joined(parts)
    source = BatchSource(samples, config.batches, seed)
    first = fit_verifier(config, source, out / "fit-0", resume=resume)
    calibration = plain(samples[np.random.default_rng(seed).permutation(len(samples))[:400]])
    hard = out / "samples-hard.npz"
    if not hard.exists():
        network = VerifierNetwork(to_int8(load_verifier(first), calibration), INPUT_PX)
        visit_all(photos, doubtful, proposers, seed + 100, HARD_VISIT, HardWindows(network)).save(
            hard
        )
    every = Samples.joined([samples, Samples.load(hard)])
    again = replace(config, learning_rate=config.learning_rate / 2, seed=seed + 1)
    source = BatchSource(every, config.batches, seed + 1)
    final = fit_verifier(again, source, out / "fit-1", first, resume=resume)
    return to_int8(load_verifier(final), calibration)


def publish(
    proposals: Path,
    network: bytes,
    photos: Sequence[LabelledPhoto],
    folder: Path,
    training: dict[str, Any],
) -> Path:
    """Write cascade, network and manifest to a folder.

    Args:
        proposals: the cascade's file.
        network: in int8 LiteRT.
        photos: held out, to calibrate the scores and choose the minimum scores by.
        folder: for the files.
        training: the manifest's record.

    Recorded figures of a finder that is gone are carried over from the manifest that was there.

    Returns:
        The manifest's path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    search, verifier = folder / f"{FINDER}-search.xml", folder / f"{FINDER}-verifier.tflite"
    if proposals.resolve() != search.resolve():
        write_atomic(search, proposals.read_bytes())
    write_atomic(verifier, network)
    entry = NetworkFile(verifier.name, file_sha256(verifier), INPUT_PX, CONTEXT)
    manifest = CascadeManifest(
        name=FINDER_NAME,
        proposals=CascadeFile.of(search),
        verifier=entry,
        window_px=read_cascade(proposals).size[0],
        width=ASPECT,
        height=1.0,
        shift_y=0.0,
        presets=SEARCHES,
        training=training,
    )
    manifest = with_operating_points(manifest, entry, folder, photos)
    path = folder / f"{FINDER}.json"
    replace(manifest, evaluation=_recorded_figures(path)).save(path)
    return path


def _recorded_figures(path: Path) -> dict[str, Any]:
    """Of the evaluation in the manifest that is replaced: what nobody can measure again."""
    try:
        evaluation = CascadeManifest.load(path).evaluation
    except CascadeError:
        return {}
    return {name: value for name, value in evaluation.items() if name == RECORDED}
