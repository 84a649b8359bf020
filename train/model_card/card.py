"""`models/MODEL_CARD.md`: what the shipped files are and what was measured, from their records."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.files import write_atomic
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.records.ablations import ABLATIONS_FILE
from maskdet_core.records.evaluation import EVALUATION_FILE
from maskdet_core.records.widths import WIDTHS_FILE, width_records
from maskdet_core.types import NO_FACE
from train.model_card.faces import faces_section
from train.model_card.finder import finder_section
from train.model_card.text import share, table
from train.shipped import FINDER, NETWORK

FILE = "MODEL_CARD.md"
_INTRO = """# Model card

Written by `python -m train evaluate` and `python -m train evaluate-finder` from the records
beside it; do not edit. Brackets hold 95 % Wilson intervals.

**Intended use.** Showing people whether a mask is seen on a face, while a person looks at the
picture too. **Not intended**: decisions about people, identification, or assessing whether a mask
is of the right kind or protects.
"""
_LIMITS = """## Limits

- Trained and tested on pictures from the web, collected by others, that do not stand for all
  people{evenness}
{two_classes}- Reference boxes of some sets come from a neural face detector, not from people: there
  faces that it misses are not counted.
"""
_NOT_KNOWN = "; no record tells skin tone or age, so how evenly it works is not known."
_MEASURED = """.
- How evenly it works was measured on bare faces and on masks drawn by a program, not on real masks
  of the same people; groups are those of the set's publisher."""
_TWO_CLASSES = "- A mask under the nose or chin is neither of the two classes.\n"


def write_model_card(models: Path) -> Path:
    """Write the card of the files in a folder and return its path.

    What has no record yet is left out.
    """
    parts = [_INTRO]
    evaluation: dict[str, Any] = {}
    has_worn_wrong = False
    network = models / f"{NETWORK}.json"
    if network.is_file():
        manifest = ModelManifest.load(network)
        record = models / "runs" / str(manifest.training.get("run")) / EVALUATION_FILE
        if record.is_file():
            evaluation = json.loads(record.read_text(encoding="utf-8"))
        has_worn_wrong = manifest.has_worn_wrong
        parts += [_network(manifest), faces_section(evaluation), _whole(evaluation)]
    widths = models / WIDTHS_FILE
    if widths.is_file():
        parts.append(_widths(json.loads(widths.read_text(encoding="utf-8"))))
    ablations = models / ABLATIONS_FILE
    if ablations.is_file():
        parts.append(_ablations(json.loads(ablations.read_text(encoding="utf-8"))))
    finder = models / f"{FINDER}.json"
    if finder.is_file():
        parts.append(finder_section(CascadeManifest.load(finder)))
    parts.append(
        _LIMITS.format(
            evenness=_MEASURED if "people" in evaluation else _NOT_KNOWN,
            two_classes="" if has_worn_wrong else _TWO_CLASSES,
        )
    )
    path = models / FILE
    write_atomic(path, "\n".join(part for part in parts if part))
    return path


def _network(manifest: ModelManifest) -> str:
    training = manifest.training
    sets = ", ".join(f"{d['name']} ({d['n_train']:,})" for d in training.get("datasets", []))
    drops = "It has no output for candidates without a face."
    if NO_FACE in manifest.classes:
        drops = f"Below a probability of {manifest.min_face_probability:g} a candidate is dropped."
    if manifest.face_rules:
        rules = "; ".join(
            f"{preset}, {_face_rule(rule)}" for preset, rule in manifest.face_rules.items()
        )
        drops = f"Finder and network together decide which candidates are faces: {rules}."
    return f"""## The network

`{manifest.file}`: {manifest.architecture}, {manifest.quantization}, {manifest.size_bytes:,} bytes,
sha256 `{manifest.sha256[:16]}…`. Crops of {manifest.input_size_px} px in, logits of
{", ".join(manifest.classes)} out. Temperature {manifest.temperature:g}; a verdict needs a
probability of {manifest.min_confidence:g}. {drops}
Run {training.get("run", "?")} of {training.get("date", "?")}, {training.get("epochs", "?")} epochs,
start weights {training.get("start_weights", "?")}; faces to train on: {sets}.
"""


def _face_rule(rule: FaceRule) -> str:
    size = (
        f", plus {rule.size_weight:g} times the log of the height's share of the longer side,"
        if rule.size_weight
        else ""
    )
    return (
        f"{rule.finder_weight:g} times the finder's log odds plus the network's{size} at least "
        f"{rule.min_log_odds:g}, and {rule.mask_margin:g} times the probability of a mask more"
    )


def _whole(record: Mapping[str, Any]) -> str:
    lines = []
    for whole in record.get("whole_photos", []):
        name = whole.get("name", "Held-back photographs")
        lines += [
            f"- {name}, {whole['preset']} check, {label.replace('_', ' ')}: {c['n_found']} of "
            f"{c['n_people']} people found, {share(c['n_right'], c['n_people'])} "
            f"with a right verdict, {c['n_not_sure']} not sure"
            for label, c in whole["per_class"].items()
            if c["n_people"]
        ]
        masks = f", {whole['false_masks']} called mask" if "false_masks" in whole else ""
        lines.append(
            f"- {name}, {whole['preset']} check: {whole['false_faces']} false faces in "
            f"{whole['n_photos']} photographs{masks}"
        )
    same = record.get("int8_vs_float")
    if same:
        lines.append(f"- int8 and float32: same label on {same['n_same']} of {same['n']} faces")
    wrongly = record.get("worn_wrongly")
    if wrongly and wrongly["n"]:
        lines.append(
            f"- masks under the nose or chin ({wrongly['n']}): {wrongly['with_mask']} called with "
            f"mask, {wrongly['without_mask']} without, {wrongly['not_sure']} not sure"
        )
    given = record.get("published_test")
    if given:
        lines.append(
            f"- given test parts: {given['n_with_relative']:,} of {given['n']:,} faces have a "
            "relative in the given training parts"
        )
    if not lines:
        return ""
    return "### Whole photographs, finder included, and the rest\n\n" + "\n".join(lines) + "\n"


def _ablations(record: Mapping[str, Any]) -> str:
    rows = [
        [
            f"`{one['name']}`",
            str(one["summary"]),
            *(share(t["n_good"], t["n"], t["ci95"]) for t in one["tests"]),
        ]
        for one in record["configurations"]
    ]
    head = ["configuration", "", *(t["name"] for t in record["configurations"][0]["tests"])]
    return f"""### What each part of the recipe is worth

The same short training for all: {record["epochs"]} epochs of {record["epoch_samples"]:,} faces,
seed {record["seed"]}, start weights {record["start_weights"]}; measured in float32. What ships
trained longer.

{table(head, rows)}
"""


def _widths(record: Any) -> str:
    networks = width_records(record)
    if not networks:
        return ""
    tests = list(dict.fromkeys(name for one in networks for name in one["tests"]))
    rows = [
        [
            ", ".join(map(str, one["widths"])),
            f"{one['products'] / 1e9:.2f}",
            f"{one['int8_bytes'] / 1e6:.1f}",
            f"{one['ms']:.1f}",
            *(_counted(one["tests"][name]) if name in one["tests"] else "–" for name in tests),
        ]
        for one in sorted(networks, key=lambda one: float(one["products"]))
    ]
    head = ["channels by block", "billion products", "MB in int8", "ms a face", *tests]
    return f"""### Accuracy against cost

The same data and seeds for all; times side by side in one run, on one thread.

{table(head, rows)}
"""


def _counted(test: Mapping[str, Any]) -> str:
    return share(test["right"], test["n"], (test["low"], test["high"]))
