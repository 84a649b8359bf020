"""OpenCV's cascade file: written for `cv2.CascadeClassifier`, read back to resume a training."""

import xml.etree.ElementTree as ET
from pathlib import Path

from maskdet_core.files import write_atomic
from train.errors import RunError
from train.proposals.haar import HaarFeature
from train.proposals.model import Cascade, Stage, Tree


def to_xml(cascade: Cascade) -> str:
    """The cascade as OpenCV's XML (`opencv-cascade-classifier`, BOOST over HAAR)."""
    features = list(dict.fromkeys(f for stage in cascade.stages for f in stage.features))
    number = {feature: i for i, feature in enumerate(features)}
    width, height = cascade.size
    largest = max((len(stage.trees) for stage in cascade.stages), default=0)
    lines = [
        '<?xml version="1.0"?>',
        "<opencv_storage>",
        '<cascade type_id="opencv-cascade-classifier">',
        "<stageType>BOOST</stageType><featureType>HAAR</featureType>",
        f"<height>{height}</height><width>{width}</width>",
        f"<stageParams><maxWeakCount>{largest}</maxWeakCount></stageParams>",
        "<featureParams><maxCatCount>0</maxCatCount></featureParams>",
        f"<stageNum>{len(cascade.stages)}</stageNum>",
        "<stages>",
    ]
    for stage in cascade.stages:
        lines.append(
            f"<_><maxWeakCount>{len(stage.trees)}</maxWeakCount>"
            f"<stageThreshold>{stage.threshold!r}</stageThreshold><weakClassifiers>"
        )
        for tree in stage.trees:
            nodes = " ".join(
                f"{left} {right} {number[feature]} {threshold!r}"
                for left, right, feature, threshold in tree.nodes
            )
            leaves = " ".join(repr(leaf) for leaf in tree.leaves)
            lines.append(
                f"<_><internalNodes>{nodes}</internalNodes><leafValues>{leaves}</leafValues></_>"
            )
        lines.append("</weakClassifiers></_>")
    lines.append("</stages>\n<features>")
    for feature in features:
        rects = "".join(f"<_>{x} {y} {w} {h} {t!r}</_>" for x, y, w, h, t in feature.rects)
        lines.append(f"<_><rects>{rects}</rects><tilted>0</tilted></_>")
    lines.append("</features>\n</cascade>\n</opencv_storage>")
    return "\n".join(lines) + "\n"


def write_cascade(path: Path, cascade: Cascade) -> None:
    """Write the XML in one step, never half of it."""
    write_atomic(path, to_xml(cascade))


def read_cascade(path: Path) -> Cascade:
    """Read a file that `write_cascade` wrote.

    Raises:
        RunError: no such file, or something else in it.
    """
    try:
        root = ET.fromstring(path.read_text(encoding="ascii"))
        features = [_feature(node) for node in root.findall("./cascade/features/_")]
        stages = tuple(_stage(node, features) for node in root.findall("./cascade/stages/_"))
        size = tuple(int(root.findtext(f"./cascade/{side}", "")) for side in ("width", "height"))
    except (OSError, UnicodeDecodeError, ET.ParseError, ValueError, IndexError) as error:
        raise RunError(f"expected a cascade in {path}: {error}") from error
    return Cascade(stages, (size[0], size[1]))


def _feature(node: ET.Element) -> HaarFeature:
    rects = []
    for rect in node.findall("./rects/_"):
        x, y, w, h, weight = (rect.text or "").split()
        rects.append((int(x), int(y), int(w), int(h), float(weight)))
    return HaarFeature(tuple(rects))


def _stage(node: ET.Element, features: list[HaarFeature]) -> Stage:
    trees = []
    for weak in node.findall("./weakClassifiers/_"):
        words = weak.findtext("internalNodes", "").split()
        nodes = tuple(
            (int(words[i]), int(words[i + 1]), features[int(words[i + 2])], float(words[i + 3]))
            for i in range(0, len(words), 4)
        )
        leaves = tuple(float(word) for word in weak.findtext("leafValues", "").split())
        trees.append(Tree(nodes, leaves))
    return Stage(tuple(trees), float(node.findtext("stageThreshold", "")))
