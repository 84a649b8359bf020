"""Counts, intervals and curves of three classes; in curves the positive class is "with mask"."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.intervals import wilson_interval
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.records.evaluation import (
    OUTCOMES,
    AgreementRecord,
    ClassRecord,
    PrecisionRecallRecord,
    RocRecord,
    SetMetrics,
    ThresholdsRecord,
)
from maskdet_core.types import MASK_CLASSES, WITH_MASK
from train.evaluate.judged import NO_FACE_AT, NOT_SURE_AT, Judged
from train.intervals import share_of

WITH_MASK_AT = MASK_CLASSES.index(WITH_MASK)
_MAX_CURVE_POINTS = 200
THRESHOLDS: Final = tuple(percent / 100 for percent in range(50, 100))
"""Those that the threshold slider of the app offers."""


def label_agreement(
    in_float: NDArray[np.float64], in_int8: NDArray[np.float64], manifest: ModelManifest
) -> AgreementRecord:
    """Faces that two networks give the same label.

    Args:
        in_float: logits (N, n_classes).
        in_int8: the other network's.
        manifest: names the classes; "no face" is no label of a face.
    """
    of_face = [manifest.classes.index(name) for name in manifest.mask_classes]
    same = in_float[:, of_face].argmax(axis=1) == in_int8[:, of_face].argmax(axis=1)
    n, n_same = len(same), int(same.sum())
    return {"n": n, "n_same": n_same, "value": n_same / n if n else 0.0}


def evaluate_set(slug: str, name: str, note: str, judged: Judged) -> SetMetrics:
    """Counts and curves of one test set.

    Args:
        slug: name for files and links.
        name: in words.
        note: what can be concluded from the set.
        judged: its faces, one or more.
    """
    labels, right, said = judged.labels, judged.right, judged.said
    masked = judged.truth == WITH_MASK_AT
    mask_or_not = (judged.p[:, WITH_MASK_AT] >= 0.5) == masked
    p_with_mask = judged.p[:, WITH_MASK_AT]
    n_correct = int(right.sum())
    return {
        "slug": slug,
        "name": name,
        "note": note,
        "n": len(right),
        "n_correct": n_correct,
        "accuracy": n_correct / len(right),
        "ci95": list(wilson_interval(n_correct, len(right))),
        "n_not_sure": int((said == NOT_SURE_AT).sum()),
        "n_wrong_sure": int(judged.wrong_sure.sum()),
        "per_class": _per_class(judged),
        "confusion": _table(judged.truth, labels, len(MASK_CLASSES)),
        "verdicts": _table(judged.truth, said, len(OUTCOMES)),
        "mask_or_not": share_of(int(mask_or_not.sum()), len(right)),
        "roc": _roc(p_with_mask, masked),
        "pr": _precision_recall(p_with_mask, masked),
    }


def by_threshold(judged: Judged) -> ThresholdsRecord:
    """What would be shown of each class at each of `THRESHOLDS`.

    Args:
        judged: the faces; those that it calls no face are shown at no threshold.
    """
    confidence = np.nan_to_num(judged.p.max(axis=1))
    shown = judged.said != NO_FACE_AT
    return {
        "min_confidence": list(THRESHOLDS),
        "verdicts": {
            truth: {
                label: [int((here & (confidence >= threshold)).sum()) for threshold in THRESHOLDS]
                for said, label in enumerate(MASK_CLASSES)
                for here in [shown & (judged.truth == i) & (judged.labels == said)]
            }
            for i, truth in enumerate(MASK_CLASSES)
            if (judged.truth == i).any()
        },
    }


def _per_class(judged: Judged) -> dict[str, ClassRecord]:
    records: dict[str, ClassRecord] = {}
    for i, label in enumerate(MASK_CLASSES):
        one = judged.part(judged.truth == i)
        n, n_correct = len(one), int(one.right.sum())
        if not n:
            continue
        records[label] = {
            "n": n,
            "n_correct": n_correct,
            "recall": n_correct / n,
            "n_wrong_sure": int(one.wrong_sure.sum()),
            "ci95": list(wilson_interval(n_correct, n)),
            "shown_right": share_of(int((one.said == i).sum()), n),
        }
    return records


def _table(rows: NDArray[np.int64], columns: NDArray[np.int64], n_columns: int) -> list[list[int]]:
    table = np.zeros((len(MASK_CLASSES), n_columns), np.int64)
    np.add.at(table, (rows, columns), 1)
    counts: list[list[int]] = table.tolist()
    return counts


def _ranked(
    p: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct thresholds, falling, with the true and false positives at each."""
    order = np.argsort(-p, kind="stable")
    ranked, hits = p[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    return ranked[last], np.cumsum(hits)[last], np.cumsum(~hits)[last]


def _roc(p: NDArray[np.float64], positive: NDArray[np.bool_]) -> RocRecord:
    threshold, true_pos, false_pos = _ranked(p, positive)
    tpr = np.concatenate([[0.0], true_pos / max(1, int(positive.sum()))])
    fpr = np.concatenate([[0.0], false_pos / max(1, int((~positive).sum()))])
    keep = _thin(len(tpr))
    return {
        "fpr": fpr[keep].round(5).tolist(),
        "tpr": tpr[keep].round(5).tolist(),
        "threshold": np.concatenate([[1.0], threshold])[keep].round(5).tolist(),
        "auc": float(np.trapezoid(tpr, fpr)),
    }


def _precision_recall(p: NDArray[np.float64], positive: NDArray[np.bool_]) -> PrecisionRecallRecord:
    threshold, true_pos, false_pos = _ranked(p, positive)
    recall = true_pos / max(1, int(positive.sum()))
    precision = true_pos / (true_pos + false_pos)
    keep = _thin(len(recall))
    return {
        "recall": recall[keep].round(5).tolist(),
        "precision": precision[keep].round(5).tolist(),
        "threshold": threshold[keep].round(5).tolist(),
        "average_precision": float(np.sum(np.diff(recall, prepend=0.0) * precision)),
    }


def _thin(n: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, n - 1, min(n, _MAX_CURVE_POINTS)).astype(np.int64))
