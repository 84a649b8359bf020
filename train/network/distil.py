"""The loss: labels, and what a teacher of two classes knows (Hinton, Vinyals and Dean, 2015).

The teacher tells masked from bare and a face from none, and nothing of masks worn wrong. Its
softmax over three outputs would teach that these do not exist, so it teaches odds, each of which
involves only what it knows: masked against bare on faces labelled as either, "no face" against all
faces on false alarms of the finder. All else is learnt from labels alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from maskdet_core.types import NO_FACE, WITH_MASK, WITHOUT_MASK


class Odds(IntEnum):
    """Which odds a lesson is about."""

    NONE = 0
    MASKED_TO_BARE = 1
    NO_FACE_TO_FACE = 2


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a teacher says of one crop.

    Attributes:
        odds: of what.
        log_odds: natural logarithm of these odds.
    """

    odds: Odds
    log_odds: float


def targets(
    labels: NDArray[np.integer[Any]], lessons: Sequence[Lesson | None] = ()
) -> NDArray[np.float32]:
    """Targets of a batch, (N, 3): label, kind of odds, their logarithm.

    Args:
        labels: (N,) indices of the network's outputs.
        lessons: one a face, None where there is none, or no lessons at all.
    """
    rows = np.zeros((len(labels), 3), np.float32)
    rows[:, 0] = labels
    for row, lesson in zip(rows, lessons, strict=False):
        if lesson is not None:
            row[1:] = lesson.odds, lesson.log_odds
    return rows


def log_odds(logits: Any, outputs: Sequence[str], odds: Odds) -> Any:
    """Log odds (N,) by logits (N, n_outputs), NumPy's or the backend's."""
    if odds is Odds.MASKED_TO_BARE:
        return logits[:, outputs.index(WITH_MASK)] - logits[:, outputs.index(WITHOUT_MASK)]
    none = outputs.index(NO_FACE)
    faces = [logits[:, i] for i in range(len(outputs)) if i != none]
    return logits[:, none] - ops.logsumexp(ops.stack(faces, axis=1), axis=1)


@keras.saving.register_keras_serializable("maskdet")
class LabelsAndLessons(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """Cross-entropy of labels, mixed with that of a teacher's odds where there is a lesson.

    Targets are those of `targets`. The teacher's part is scaled by the temperature squared, so that
    its gradients keep their size whatever the temperature.

    Args:
        outputs: names of the logits.
        weight: share of the teacher in the loss of a face with a lesson, 0 to 1.
        temperature: by which both log odds are divided, above 0.
        label_smoothing: share of each label spread over all outputs.
        options: of `keras.losses.Loss`.
    """

    def __init__(
        self,
        outputs: Sequence[str],
        weight: float = 0.0,
        temperature: float = 1.0,
        label_smoothing: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**{"name": "labels_and_lessons", **options})
        self._outputs = list(outputs)
        self._weight, self._temperature = weight, temperature
        self._label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Loss (N,) of targets (N, 3) and logits (N, n_outputs)."""
        label, kind = ops.cast(y_true[:, 0], "int32"), y_true[:, 1]
        n = len(self._outputs)
        share = ops.one_hot(label, n, dtype=y_pred.dtype)
        share = share * (1 - self._label_smoothing) + self._label_smoothing / n
        by_label = -ops.sum(share * ops.log_softmax(y_pred, axis=-1), axis=-1)
        if not self._weight:
            return by_label
        taught, by_teacher = 0.0, 0.0
        teacher = ops.sigmoid(y_true[:, 2] / self._temperature)
        for odds in (Odds.MASKED_TO_BARE, Odds.NO_FACE_TO_FACE):
            if odds is Odds.NO_FACE_TO_FACE and NO_FACE not in self._outputs:
                continue
            here = ops.cast(kind == odds.value, y_pred.dtype)
            own = log_odds(y_pred, self._outputs, odds) / self._temperature
            # cross-entropy of the two probabilities, from log odds
            loss = ops.softplus(own) - teacher * own
            taught = taught + here
            by_teacher = by_teacher + here * loss * self._temperature**2
        return (1 - self._weight * taught) * by_label + self._weight * by_teacher

    def get_config(self) -> dict[str, Any]:
        """Arguments to build it again."""
        return {
            **super().get_config(),
            "outputs": self._outputs,
            "weight": self._weight,
            "temperature": self._temperature,
            "label_smoothing": self._label_smoothing,
        }


@keras.saving.register_keras_serializable("maskdet")  # type: ignore[untyped-decorator]
def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether the largest logit is the label's, (N,), for targets of `targets`."""
    return ops.cast(
        ops.cast(y_true[:, 0], "int32") == ops.cast(ops.argmax(y_pred, axis=-1), "int32"), "float32"
    )
