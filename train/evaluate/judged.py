"""What a network says of labelled faces: class probabilities and what the app would show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.logits import predictions_from_logits
from maskdet_core.masks.manifest import ModelManifest
from maskdet_core.records.evaluation import OUTCOMES, OutcomeRecord
from maskdet_core.types import MASK_CLASSES, NO_FACE, Predictions, Verdict
from train.data.faces.datasets import OUTPUTS, FaceSample

NOT_SURE_AT = OUTCOMES.index(Verdict.NOT_SURE)
NO_FACE_AT = OUTCOMES.index(NO_FACE)


def truths(faces: Sequence[FaceSample]) -> NDArray[np.int64]:
    """Index of each face's class in `MASK_CLASSES`, (N,).

    Raises:
        ValueError: a sample that is no face.
    """
    return np.array([MASK_CLASSES.index(OUTPUTS[face.label]) for face in faces], np.int64)


def class_probabilities(predictions: Predictions) -> NDArray[np.float64]:
    """Probabilities (N, 3) in the order of `MASK_CLASSES`, given a face."""
    return np.stack(
        [predictions.p_with_mask, predictions.p_worn_wrong, predictions.p_without_mask], axis=1
    )


def verdicts(p: NDArray[np.float64], min_confidence: float) -> NDArray[np.int64]:
    """Index in `OUTCOMES` of each face's verdict, as `maskdet_core.types.decide` gives it.

    Args:
        p: (N, 3), in the order of `MASK_CLASSES`; NaN where the network failed.
        min_confidence: threshold of a verdict, 0.5 or more.
    """
    with np.errstate(invalid="ignore"):
        sure = p.max(axis=1) >= min_confidence
    return np.where(sure, np.nan_to_num(p).argmax(axis=1), NOT_SURE_AT)


def outcomes(predictions: Predictions, manifest: ModelManifest) -> NDArray[np.int64]:
    """Index in `OUTCOMES` of what the app would show of each crop.

    "No face" comes first: below the manifest's threshold of `p_face` nothing is shown. Rules that
    weigh the finder's score too do not apply, since these crops come without one.
    """
    said = verdicts(class_probabilities(predictions), manifest.min_confidence)
    return np.where(predictions.p_face < manifest.min_face_probability, NO_FACE_AT, said)


def outcome_counts(said: NDArray[np.int64]) -> OutcomeRecord:
    """How often each of `OUTCOMES` occurs."""
    with_mask, worn_wrong, without_mask, not_sure, no_face = (
        int((said == i).sum()) for i in range(len(OUTCOMES))
    )
    return {
        "n": len(said),
        "with_mask": with_mask,
        "worn_wrong": worn_wrong,
        "without_mask": without_mask,
        "not_sure": not_sure,
        "no_face": no_face,
    }


@dataclass(frozen=True, slots=True)
class Judged:
    """N faces with their classes and what a network says of them.

    Attributes:
        truth: (N,) index in `MASK_CLASSES`.
        p: (N, 3) probabilities in the same order, given a face; 0 for a class that the network
            does not know.
        said: (N,) index in `OUTCOMES`.
    """

    truth: NDArray[np.int64]
    p: NDArray[np.float64]
    said: NDArray[np.int64]

    @classmethod
    def of(
        cls, truth: NDArray[np.int64], logits: NDArray[np.float64], manifest: ModelManifest
    ) -> Self:
        """From logits.

        Args:
            truth: (N,) index in `MASK_CLASSES`.
            logits: (N, n_classes), in the order of the manifest's classes.
            manifest: names the classes, the temperature and the thresholds.
        """
        predictions = predictions_from_logits(logits, manifest)
        return cls(truth, class_probabilities(predictions), outcomes(predictions, manifest))

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.truth)

    def part(self, members: NDArray[np.bool_]) -> "Judged":
        """Some of the faces."""
        return Judged(self.truth[members], self.p[members], self.said[members])

    @property
    def labels(self) -> NDArray[np.int64]:
        """Index of the most probable class, (N,), whatever its probability."""
        best: NDArray[np.int64] = np.nan_to_num(self.p).argmax(axis=1)
        return best

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the most probable class is the true one, (N,)."""
        is_right: NDArray[np.bool_] = self.labels == self.truth
        return is_right

    @property
    def wrong_sure(self) -> NDArray[np.bool_]:
        """Whether a wrong verdict is shown, (N,)."""
        is_wrong: NDArray[np.bool_] = (self.said < len(MASK_CLASSES)) & (self.said != self.truth)
        return is_wrong
