"""`models/MODEL_CARD.md`: what the shipped files are and what was measured, from their records."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.files import write_atomic
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.run_records import ABLATIONS_FILE, EVALUATION_FILE
from maskdet_core.types import NO_FACE
from train.evaluate.intervals import wilson_interval
from train.shipped import FINDER, NETWORK

FILE = "MODEL_CARD.md"

_INTRO = """# Model card

Written by `python -m train evaluate` and `python -m train evaluate-detector` from the records
beside it; do not edit. Brackets hold 95 % Wilson intervals.

**Intended use.** Showing people whether a mask is seen on a face, while a person looks at the
picture too. **Not intended**: decisions about people, identification, or assessing whether a mask
is worn correctly, of the right kind, or safe.
"""
_LIMITS = """## Limits

- Trained and tested on pictures from the web, collected by others, that do not stand for all
  people; no record tells skin tone or age, so how evenly it works is not known.
- A mask under the nose or chin is neither of the two classes.
- Reference boxes come from a neural face detector, not from people: faces it misses are not
  counted.
"""


def write_model_card(models: Path) -> Path:
    """Write the card of the files in a folder and return its path.

    What has no record yet is left out.
    """
    parts = [_INTRO]
    network, cascades = models / f"{NETWORK}.json", models / f"{FINDER}.json"
    if network.is_file():
        manifest = ModelManifest.load(network)
        record = models / "runs" / str(manifest.training.get("run")) / EVALUATION_FILE
        read = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
        parts += [_network(manifest), _sets(read.get("sets", [])), _whole(read)]
    ablations = models / ABLATIONS_FILE
    if ablations.is_file():
        parts.append(_ablations(json.loads(ablations.read_text(encoding="utf-8"))))
    if cascades.is_file():
        parts.append(_finder(CascadeManifest.load(cascades)))
    path = models / FILE
    write_atomic(path, "\n".join([*(part for part in parts if part), _LIMITS]))
    return path


def _network(manifest: ModelManifest) -> str:
    training = manifest.training
    sets = ", ".join(f"{d['name']} ({d['n_train']:,})" for d in training.get("datasets", []))
    drops = "It has no output for candidates without a face."
    if NO_FACE in manifest.classes:
        drops = f"Below a probability of {manifest.min_face_probability:g} a candidate is dropped."
    if manifest.face_rules:
        rules = "; ".join(
            f"{preset}, {rule.finder_weight:g} times the finder's log odds plus the network's at "
            f"least {rule.min_log_odds:g}"
            for preset, rule in manifest.face_rules.items()
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


def _sets(sets: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            str(one["name"]),
            f"{one['n']:,}",
            _share(one["n_correct"], one["n"], one["ci95"]),
            *(
                _share(c["n_correct"], c["n"], c["ci95"]) if c["n"] else "–"
                for c in (one["per_class"][name] for name in ("with_mask", "without_mask"))
            ),
            _percent(one["calibration_error"]) if "calibration_error" in one else "–",
            f"{one['n_not_sure']:,}",
        ]
        for one in sets
    ]
    head = ["test", "faces", "right", "with mask", "without mask", "calibration gap", "not sure"]
    return f"### Faces\n\n{_table(head, rows)}\n" if rows else ""


def _whole(record: Mapping[str, Any]) -> str:
    lines = []
    for whole in record.get("whole_photos", []):
        lines += [
            f"- {whole['preset']} check, {name.replace('_', ' ')}: {c['n_found']} of "
            f"{c['n_people']} people found, "
            f"{_share(c['n_right'], c['n_people'], wilson_interval(c['n_right'], c['n_people']))} "
            f"with a right verdict, {c['n_not_sure']} not sure"
            for name, c in whole["per_class"].items()
        ]
        lines.append(
            f"- {whole['preset']} check: {whole['false_faces']} false faces in "
            f"{whole['n_photos']} photographs"
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
            *(_share(t["n_good"], t["n"], t["ci95"]) for t in one["tests"]),
        ]
        for one in record["configurations"]
    ]
    head = ["configuration", "", *(t["name"] for t in record["configurations"][0]["tests"])]
    return f"""### What each part of the recipe is worth

The same short training for all: {record["epochs"]} epochs of {record["epoch_samples"]:,} faces,
seed {record["seed"]}, start weights {record["start_weights"]}; measured in float32. What ships
trained longer.

{_table(head, rows)}
"""


def _finder(manifest: CascadeManifest) -> str:
    ratios = manifest.evaluation.get("time_ratio", {})
    rows = [
        [
            str(one["set"]),
            str(one["finder"]),
            *(
                _share(one[name]["n_found"], one[name]["n"], one[name]["ci95"])
                for name in ("masked", "bare")
            ),
            f"{one['false_per_photo']:.2f}",
            f"{ratios[one['finder']]:.2f}" if one["finder"] in ratios else "–",
        ]
        for one in manifest.evaluation.get("records", [])
    ]
    head = ["photographs", "finder", "masked", "bare", "false faces a photo", "time"]
    table = _table(head, rows) if rows else "Not measured yet."
    return f"""## The face finder

`{manifest.proposals.file}` makes proposals, the network `{manifest.verifier.file.file}`
verifies them; trained on {manifest.training.get("faces", "?")} faces in
{manifest.training.get("photos", "?")} photographs.
Time is for a camera frame on one core, OpenCV's `frontalface_alt` being 1.

{table}
"""


def _share(n_good: int, n: int, ci95: Sequence[float]) -> str:
    return f"{_percent(n_good / n)} ({_percent(ci95[0])} to {_percent(ci95[1])})"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
