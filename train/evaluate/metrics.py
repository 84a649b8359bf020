"""Counts, intervals and curves; the positive class is "with mask"."""

import numpy as np
from numpy.typing import NDArray

from maskdet_core.run_records import (
    AgreementRecord,
    ClassRecord,
    PrecisionRecallRecord,
    RocRecord,
    SetMetrics,
)
from train.evaluate.intervals import wilson_interval

_MAX_CURVE_POINTS = 200


def label_agreement(in_float: NDArray[np.float64], in_int8: NDArray[np.float64]) -> AgreementRecord:
    """Faces that two networks give the same label, from their logits (N, 2 or more)."""
    n = len(in_int8)
    n_same = int(np.sum((in_float[:, 0] > in_float[:, 1]) == (in_int8[:, 0] > in_int8[:, 1])))
    return {"n": n, "n_same": n_same, "value": n_same / n}


def evaluate_set(
    slug: str,
    name: str,
    note: str,
    p_with_mask: NDArray[np.float64],
    is_masked: NDArray[np.bool_],
    min_confidence: float,
) -> SetMetrics:
    """Counts and curves of one test set; labels are taken at a probability of 0.5.

    Args:
        slug: name for files and links.
        name: in words.
        note: what can be concluded from the set.
        p_with_mask: (N,), 0 to 1.
        is_masked: (N,) ground truth.
        min_confidence: threshold of a verdict.
    """
    labels = p_with_mask >= 0.5
    right = labels == is_masked
    sure = np.maximum(p_with_mask, 1 - p_with_mask) >= min_confidence
    per_class: dict[str, ClassRecord] = {}
    for label, members in (("with_mask", is_masked), ("without_mask", ~is_masked)):
        n, n_correct = int(members.sum()), int(right[members].sum())
        per_class[label] = {
            "n": n,
            "n_correct": n_correct,
            "recall": n_correct / n if n else None,
            "n_wrong_sure": int((members & sure & ~right).sum()),
            "ci95": list(wilson_interval(n_correct, n)),
        }
    n_correct = int(right.sum())
    return {
        "slug": slug,
        "name": name,
        "note": note,
        "n": len(right),
        "n_correct": n_correct,
        "accuracy": n_correct / len(right),
        "ci95": list(wilson_interval(n_correct, len(right))),
        "n_not_sure": int((~sure).sum()),
        "n_wrong_sure": int((sure & ~right).sum()),
        "per_class": per_class,
        "confusion": [
            [int(np.sum(members & labels)), int(np.sum(members & ~labels))]
            for members in (is_masked, ~is_masked)
        ],
        "roc": _roc(p_with_mask, is_masked),
        "pr": _precision_recall(p_with_mask, is_masked),
    }


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
