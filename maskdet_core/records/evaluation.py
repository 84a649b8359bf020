"""Schema of a run's `evaluation.json`: what was measured of its network."""

from typing import Final, Literal, NotRequired, TypedDict

from maskdet_core.types import MASK_CLASSES, NO_FACE, Verdict

EVALUATION_FILE: Final = "evaluation.json"
"""An `EvaluationRecord`."""


OUTCOMES: Final = (*MASK_CLASSES, Verdict.NOT_SURE.value, NO_FACE)
"""What can be shown of a crop: columns of `SetMetrics.verdicts`, keys of `OutcomeRecord`."""


class ShareRecord(TypedDict):
    """`n_hits` of `n` with its Wilson interval."""

    n: int
    n_hits: int
    value: float
    ci95: list[float]


class RateRecord(ShareRecord):
    """A named share that should be small, such as masks worn wrong that are called "mask"."""

    slug: str
    name: str


class OutcomeRecord(TypedDict):
    """How many of `n` crops were shown with each verdict, or not shown: `no_face`."""

    n: int
    with_mask: int
    worn_wrong: int
    without_mask: int
    not_sure: int
    no_face: int


class ClassRecord(TypedDict):
    """Faces of one class; `recall` is None where there are none.

    `n_correct`, `recall` and its Wilson interval `ci95` are of labels, the most probable class.
    `n_wrong_sure` counts wrong verdicts. `shown_right` is the share of right verdicts, which are
    fewer than right labels: some are withheld. Records of format 1 lack it.
    """

    n: int
    n_correct: int
    recall: float | None
    n_wrong_sure: int
    ci95: list[float]
    shown_right: NotRequired[ShareRecord]


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
    """A bin of the reliability diagram.

    `mean_p` is the mean probability of the most probable class and `share_right` how often it is
    the true one; in records of format 1 `mean_p` is that of a mask, with `share_masked` instead.
    """

    n: int
    mean_p: float
    share_right: NotRequired[float]
    share_masked: NotRequired[float]


class RiskCoveragePoint(TypedDict):
    """Share of wrong labels (`risk`) among the `coverage` surest faces."""

    coverage: float
    risk: float
    min_confidence: float


class ThresholdsRecord(TypedDict):
    """What the app would show at other thresholds of a verdict.

    Attributes:
        min_confidence: the thresholds, rising.
        verdicts: by true class and verdict of `maskdet_core.types.MASK_CLASSES` the number of faces
            at each threshold. All others are withheld as "not sure", but for those taken for no
            face, who are as many at every threshold: see the last column of `SetMetrics.verdicts`.
    """

    min_confidence: list[float]
    verdicts: dict[str, dict[str, list[int]]]


class MistakeRecord(TypedDict):
    """A wrongly labelled face by its name within the sets.

    Records of format 1 have only the first two. Later ones hold no mistakes: they are written to a
    file of their own, which is not published.
    """

    key: str
    p_with_mask: float
    test: NotRequired[str]
    truth: NotRequired[str]
    label: NotRequired[str]
    p: NotRequired[float]


class SetMetrics(TypedDict):
    """Counts and curves of a test set; a label is the most probable class.

    `confusion` has the true class in rows, the label in columns, in the order of the evaluation's
    classes. `verdicts` has the same rows, with `OUTCOMES` in columns. `per_class` has the classes
    that occur. `mask_or_not` counts labels where a mask worn wrong is no mask. Records of format 1,
    of networks with two classes, lack the last two and have `worst`, mistakes by name.
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
    verdicts: NotRequired[list[list[int]]]
    mask_or_not: NotRequired[ShareRecord]
    roc: RocRecord
    pr: PrecisionRecallRecord
    worst: NotRequired[list[MistakeRecord]]


class TestSetRecord(SetMetrics):
    """A test set of an evaluation: metrics, faces taken for none, calibration.

    `calibration_error` is that of the most probable class; `class_calibration_error` by class.
    Earlier records lack `by_threshold`.
    """

    n_no_face: int
    calibration_error: float
    class_calibration_error: NotRequired[dict[str, float]]
    calibration: list[CalibrationBin]
    risk_coverage: list[RiskCoveragePoint]
    by_threshold: NotRequired[ThresholdsRecord]


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
    """Verdicts on masks under the nose or chin by a network of two classes, in format 1."""

    n: int
    with_mask: int
    without_mask: int
    not_sure: int


class PeopleRecord(TypedDict):
    """People of one class in whole photos."""

    n_people: int
    n_found: int
    n_right: int
    n_not_sure: int


class WholePhotosRecord(TypedDict):
    """One preset of the detector on whole photos.

    `false_faces` are boxes on nobody, `false_masks` those of them with the verdict "mask".
    """

    preset: str
    name: NotRequired[str]
    n_photos: int
    n_people: int
    n_found: int
    false_faces: int
    false_masks: NotRequired[int]
    per_class: dict[str, PeopleRecord]


class LooseBoxRecord(TypedDict):
    """Boxes that are no face: `factor` times as wide and high as that of a face of class `of`.

    `outcomes` are verdicts whether or not the box would be shown, so that its `no_face` is 0, and
    `called_mask` the share of "mask" among them. `shown` is the share of boxes at or above the
    threshold of a face, `shown_mask` of those with the verdict "mask", of all boxes.
    """

    of: str
    factor: float
    place: Literal["centred", "down", "sideways"]
    outcomes: OutcomeRecord
    called_mask: ShareRecord
    shown: ShareRecord
    shown_mask: ShareRecord


class PeopleGroupRecord(TypedDict):
    """People of one group: wrong verdicts, "not sure", and faces taken for none."""

    by: Literal["all", "group", "age", "gender"]
    name: str
    n: int
    wrong: ShareRecord
    not_sure: ShareRecord
    no_face: ShareRecord


class PeopleGapRecord(TypedDict):
    """The largest difference between two groups; `ci95` is Newcombe's interval of it.

    The largest of several differences is above 0 by chance alone.
    """

    by: Literal["group", "age", "gender"]
    of: Literal["wrong", "not_sure"]
    highest: str
    lowest: str
    value: float
    ci95: list[float]


class PeopleConditionRecord(TypedDict):
    """The same people bare, or with masks drawn on; `n_left_out` could not be drawn on."""

    condition: Literal["bare", "drawn_mask", "drawn_wrong"]
    n_left_out: int
    groups: list[PeopleGroupRecord]
    gaps: list[PeopleGapRecord]


class PeopleTestRecord(TypedDict):
    """Bare faces with group, age and gender, which were never trained on."""

    dataset: str
    conditions: list[PeopleConditionRecord]


class EvaluationRecord(TypedDict):
    """What was measured of an exported network.

    `crops` names the function that cut the faces; records of format 1 without it used an affine
    warp. `classes` are those of faces, in the order of the sets' confusions, whether or not the
    network knows them all. `covered_other` are veils and scarves, which no verdict fits. Format 2
    has `rates`; `worn_wrongly` is of format 1.
    """

    format: int
    created: str
    model: str
    crops: NotRequired[str]
    min_confidence: float
    classes: list[str]
    published_test: PublishedTestRecord
    sets: list[TestSetRecord]
    worn_wrongly: NotRequired[IncorrectlyWornRecord]
    rates: NotRequired[list[RateRecord]]
    covered_other: NotRequired[OutcomeRecord]
    loose_boxes: NotRequired[list[LooseBoxRecord]]
    people: NotRequired[PeopleTestRecord]
    int8_vs_float: AgreementRecord
    whole_photos: NotRequired[list[WholePhotosRecord]]
