"""`python -m train export`: from a finished run to what the app loads."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from maskdet_core.files import write_atomic
from maskdet_core.masks.classifier import MaskClassifier
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.records.runs import RunRecord
from train.commands.options import add_data, add_models, read_split
from train.data.annotations.photos import LabelledPhoto, labelled_photos
from train.data.faces.images import FRAMING, IMAGE_SIZE_PX
from train.data.files.records import now_iso
from train.data.splits.finder_data import Photo, held_out_photos
from train.data.splits.split import Split
from train.evaluate.calibration import OFFSETS, fit_offsets
from train.evaluate.face_rule import with_face_rules
from train.evaluate.judged import truths
from train.evaluate.metrics import label_agreement
from train.evaluate.test_sets import crops_of
from train.evaluate.thresholds import with_thresholds
from train.network.config import VGG19_WIDTHS, NetworkConfig
from train.network.run_folder import RunFolder
from train.shipped import FINDER, NETWORK

DESCRIPTION = (
    "Convert a trained network to full-integer int8 LiteRT, calibrated on training "
    "crops, with the manifest that the app trusts."
)

CALIBRATION_FACES = 300
"""Training faces whose activations set the int8 ranges."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(parser)
    parser.add_argument("run_folder", type=Path, metavar="run", help="folder of a finished run")
    add_models(parser)
    parser.add_argument(
        "--float",
        action="store_true",
        dest="float_too",
        help="also write the float network as .keras",
    )


def run(options: argparse.Namespace) -> None:
    """Export, and print where the manifest is."""
    split = read_split(options.data)
    photos, _ = held_out_photos(options.data, split)
    labelled = labelled_photos(options.data, {"val"})
    manifest = export(
        options.run_folder, split, options.models, photos, labelled, float_too=options.float_too
    )
    print(f"manifest: {manifest}")


def export(
    run: Path,
    split: Split,
    models: Path,
    photos: Sequence[Photo] = (),
    labelled: Sequence[LabelledPhoto] = (),
    *,
    float_too: bool,
) -> Path:
    """Convert a finished run's network; write network, manifest and run records.

    Args:
        run: folder of the run.
        split: faces by side; the int8 ranges come from `train`, offsets, temperature and thresholds
            from `validation`.
        models: folder for `maskdet-vgg19-int8.tflite` and `.json`; the run's records go to
            `runs/` in it.
        photos: held-out photographs, to choose the face rule for the finder in `models`.
        labelled: likewise, with hand-drawn boxes.
        float_too: also write the float32 network as `maskdet-vgg19-float.keras`.

    Returns:
        Path of the manifest.

    Raises:
        RunError: the run has not finished, or is by another version.
    """
    # TensorFlow takes seconds to load
    from train.network.export import add_offsets, float_logits, load_trained, network_of, to_int8

    in_float, built = load_trained(run), network_of(run)
    record = RunFolder(run).read()
    crops, truth = crops_of(split.validation), truths(split.validation)
    fitted_offsets = fit_offsets(float_logits(in_float, crops), truth, built.outputs)
    offsets = dict(zip(built.outputs, fitted_offsets.round(3).tolist(), strict=True))
    add_offsets(in_float, list(offsets.values()))
    models.mkdir(parents=True, exist_ok=True)
    network = models / f"{NETWORK}.tflite"
    step = max(1, len(split.train) // CALIBRATION_FACES)
    write_atomic(network, to_int8(in_float, split.train[::step]))
    if float_too:
        in_float.save(models / "maskdet-vgg19-float.keras", include_optimizer=False)

    plain = ModelManifest.for_file(
        network,
        name=NETWORK,
        architecture=_architecture(built),
        classes=built.outputs,
        input_size_px=IMAGE_SIZE_PX,
        crop=FRAMING,
        training=_training(record) | {OFFSETS: offsets},
    )
    classifier = MaskClassifier(network.read_bytes(), plain)
    logits = classifier.logits(crops)
    same = label_agreement(float_logits(in_float, crops), logits, plain)
    fitted = with_thresholds(classifier, crops, logits, truth)
    manifest = replace(fitted, metrics={"int8_same_label": dict(same)})

    manifest = with_face_rules(manifest, models, models / f"{FINDER}.json", photos, labelled)
    path = models / f"{NETWORK}.json"
    manifest.save(path)
    RunFolder(run).copy_records(models / "runs" / record["name"])
    for name, offset in offsets.items():
        print(f"offset of {name}: {offset:+.2f}")
    print(f"int8 and float32 agree on {same['n_same']} of {same['n']} validation faces")
    return path


def _architecture(network: NetworkConfig) -> str:
    if network.widths == VGG19_WIDTHS:
        return "VGG19"
    return f"VGG19 with {', '.join(map(str, network.widths))} channels"


def _training(record: RunRecord) -> dict[str, Any]:
    """What the manifest says of the training."""
    return {
        "date": now_iso()[:10],
        "run": record["name"],
        "datasets": [{"name": d["name"], "n_train": d["n_train"]} for d in record["datasets"]],
        "start_weights": record["config"]["weights"],
        "epochs": record["epochs_total"],
    }
