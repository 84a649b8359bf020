"""Schema of the records that training writes and the metrics page reads.

A run's folder holds `run.json`, `epochs.jsonl` (one object a line) and, once its network has been
measured, `evaluation.json`. Writers fill every required key. A file can be half written or by an
older version, so readers must not rely on any.
"""

from typing import Any, Final, Literal, NotRequired, TypedDict

RUN_FILE: Final = "run.json"
"""A `RunRecord`."""
EPOCHS_FILE: Final = "epochs.jsonl"
"""One `EpochRecord` a line."""
EVALUATION_FILE: Final = "evaluation.json"
"""An `EvaluationRecord`."""
ABLATIONS_FILE: Final = "ablations.json"
"""An `AblationsRecord`; beside the model card, not in a run's folder."""

RunStatus = Literal["running", "finished", "interrupted"]
PhaseName = Literal["frozen", "full"]


class DatasetRecord(TypedDict):
    """Faces of one picture set by side of the split."""

    name: str
    n_train: int
    n_validation: int
    n_test: int


class RunRecord(TypedDict):
    """A training run.

    `started` is ISO 8601 in UTC; `config` holds the settings by name, see
    `train.network.config.FitConfig`.
    """

    format: int
    name: str
    started: str
    config: dict[str, Any]
    datasets: list[DatasetRecord]
    epochs_total: int
    status: RunStatus


class EpochRecord(TypedDict):
    """One epoch: `epoch` counts from 1, losses in nats, accuracies 0 to 1."""

    epoch: int
    phase: PhaseName
    accuracy: float
    loss: float
    val_accuracy: float
    val_loss: float
    learning_rate: float
    samples: int
    seconds: float
    finished_at: str


class ClassRecord(TypedDict):
    """Faces of one class; `recall` is None where there are none.

    `n_wrong_sure` counts wrong labels at or above the threshold; `ci95` is the Wilson interval of
    the recall.
    """

    n: int
    n_correct: int
    recall: float | None
    n_wrong_sure: int
    ci95: list[float]


class RocRecord(TypedDict):
    """ROC curve, "with mask" positive; three lists of one length."""

    fpr: list[float]
    tpr: list[float]
    threshold: list[float]
    auc: float


class PrecisionRecallRecord(TypedDict):
    """Precision-recall curve, "with mask" positive; three lists of one length."""

    recall: list[float]
    precision: list[float]
    threshold: list[float]
    average_precision: float


class CalibrationBin(TypedDict):
    """A bin of the reliability diagram: mean probability of a mask, share of masked faces."""

    n: int
    mean_p: float
    share_masked: float


class RiskCoveragePoint(TypedDict):
    """Share of wrong labels (`risk`) among the `coverage` surest faces."""

    coverage: float
    risk: float
    min_confidence: float


class MistakeRecord(TypedDict):
    """A wrongly labelled face by its name within the sets."""

    key: str
    p_with_mask: float


class SetMetrics(TypedDict):
    """Counts and curves of a test set; labels are taken at a probability of 0.5.

    `confusion` has the true class in rows, the label in columns, "with mask" first.
    """

    slug: str
    name: str
    note: str
    n: int
    n_correct: int
    accuracy: float
    ci95: list[float]
    n_not_sure: int
    n_wrong_sure: int
    per_class: dict[str, ClassRecord]
    confusion: list[list[int]]
    roc: RocRecord
    pr: PrecisionRecallRecord


class TestSetRecord(SetMetrics):
    """A test set of an evaluation: metrics, faces taken for none, calibration, worst mistakes."""

    n_no_face: int
    calibration_error: float
    calibration: list[CalibrationBin]
    risk_coverage: list[RiskCoveragePoint]
    worst: list[MistakeRecord]


class AgreementRecord(TypedDict):
    """Validation faces that the int8 and the float network give the same label."""

    n: int
    n_same: int
    value: float
    note: NotRequired[str]


class PublishedTestRecord(TypedDict):
    """The publishers' test parts: faces, and those with a relative in a training part."""

    n: int
    n_with_relative: int


class IncorrectlyWornRecord(TypedDict):
    """Verdicts on masks under the nose or chin, which are neither class."""

    n: int
    with_mask: int
    without_mask: int
    not_sure: int


class PeopleRecord(TypedDict):
    """People of one class in whole photographs."""

    n_people: int
    n_found: int
    n_right: int
    n_not_sure: int


class WholePhotosRecord(TypedDict):
    """One preset of the detector on whole photographs."""

    preset: str
    n_photos: int
    n_people: int
    n_found: int
    false_faces: int
    per_class: dict[str, PeopleRecord]


class EvaluationRecord(TypedDict):
    """What was measured of an exported network.

    `crops` names the function that cut the faces; records of format 1 without it used an affine
    warp. `worn_wrongly` counts incorrectly worn masks.
    """

    format: int
    created: str
    model: str
    crops: NotRequired[str]
    min_confidence: float
    classes: list[str]
    published_test: PublishedTestRecord
    sets: list[TestSetRecord]
    worn_wrongly: IncorrectlyWornRecord
    int8_vs_float: AgreementRecord
    whole_photos: NotRequired[list[WholePhotosRecord]]


class AblationTest(TypedDict):
    """One figure of one configuration: `n_good` of `n`, with its Wilson interval."""

    name: str
    n: int
    n_good: int
    value: float
    ci95: list[float]


class AblationRecord(TypedDict):
    """One configuration of the ablations."""

    name: str
    summary: str
    tests: list[AblationTest]


class AblationsRecord(TypedDict):
    """The ablations: the same short training for every configuration."""

    format: int
    created: str
    epochs: int
    epoch_samples: int
    start_weights: str
    seed: int
    configurations: list[AblationRecord]
