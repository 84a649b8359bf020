"""Settings of a training run."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from maskdet_core.types import MASK_CLASSES, NO_FACE, WORN_WRONG
from train.augment.faces import AugmentConfig

HEAD_ONLY = 6
"""As the first trained block: none of VGG19's five, only the layers on top."""

CONVOLUTIONS = (2, 2, 4, 4, 4)
"""Convolutions of VGG19's five blocks; each block ends with a maximum over 2×2."""

IMAGENET_MEAN_RGB = (123.68, 116.779, 103.939)
"""Mean of ImageNet's pictures, subtracted as `keras.applications.vgg19.preprocess_input` does."""

TRAINED_FILE = "model.keras"
"""A run's trained network."""

PRUNED_FILE = "start.npz"
"""Start weights of a pruned network."""

VGG19_WIDTHS = (64, 128, 256, 512, 512)
"""Channels of VGG19's blocks (Simonyan and Zisserman, ICLR 2015, configuration E)."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The network around VGG19's convolutions.

    Attributes:
        preprocessing: "imagenet_mean" subtracts ImageNet's mean from RGB 0-255, as the ImageNet
            weights expect; "unit_range" divides by 255.
        head: "pooled" averages each feature over the picture before the last layer; "flat"
            connects that layer to every feature at every position.
        worn_wrong: whether masks worn wrong have an output; if not, they are not trained on.
        no_face: whether an output is trained on hard negatives.
        blocks: blocks of convolutions kept, counted from the input.
        widths: channels of each of the five blocks, 1 or more.
    """

    preprocessing: Literal["imagenet_mean", "unit_range"] = "imagenet_mean"
    head: Literal["pooled", "flat"] = "pooled"
    worn_wrong: bool = True
    no_face: bool = True
    blocks: int = 5
    widths: tuple[int, ...] = VGG19_WIDTHS

    def __post_init__(self) -> None:
        """Validate the widths.

        Raises:
            ValueError: not five numbers of 1 or more.
        """
        # as JSON holds them, in the record of a run
        object.__setattr__(self, "widths", tuple(self.widths))
        if len(self.widths) != len(CONVOLUTIONS) or min(self.widths) < 1:
            raise ValueError(f"expected five widths of 1 or more, got {list(self.widths)}")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the logits, in order."""
        left_out = {WORN_WRONG} if not self.worn_wrong else set()
        classes = tuple(name for name in MASK_CLASSES if name not in left_out)
        return (*classes, NO_FACE) if self.no_face else classes

    @property
    def convolutions(self) -> list[tuple[str, int]]:
        """Name and channels of each convolution, from the input on."""
        return [
            (f"block{block}_conv{i}", width)
            for block, (width, depth) in enumerate(
                zip(self.widths[: self.blocks], CONVOLUTIONS, strict=False), start=1
            )
            for i in range(1, depth + 1)
        ]


SHIPPED = NetworkConfig()
"""The network that the app expects."""


@dataclass(frozen=True)
class FitConfig:
    """Settings of a training run; a resumed run must have the same.

    Attributes:
        weights: start weights, see `train.network.vgg19.build_model`.
        hands: whether pictures of hands are laid over faces.
        loose_boxes: whether loose boxes are among the pictures of "no face".
        hold_out: names of picture sets that are not trained on, nor their look-alikes.
        frozen_epochs: epochs of the first phase; full_epochs: of the second.
        frozen_from: first block that the first phase trains, `HEAD_ONLY` for none of them;
            full_from: the second phase's.
        epoch_samples: augmented faces an epoch.
        set_balance: each class draws from a picture set in proportion to its size to this power: 1
            draws all faces equally often, 0 all sets.
        learning_rate: peak of the first phase's Adam; `full_learning_rate` that of the second.
            Each phase warms up linearly and decays as a cosine.
        average_share: the weights that are validated and saved are an exponential average over this
            share of a phase's steps; see Polyak and Juditsky (1992).
        label_smoothing: share of each target spread over all outputs (Szegedy et al., CVPR 2016).
        teacher: manifest (`.json`), LiteRT network with a manifest beside it (`.tflite`), or
            `model.keras` of a run that this network learns from too; None for labels alone.
        teacher_weight: its share of the loss where it teaches, see `train.network.distil`.
        teacher_temperature: by which its log odds are divided.
        precision: Keras policy; "auto" takes bfloat16 where the processor computes in it.
    """

    weights: str = "imagenet"
    network: NetworkConfig = SHIPPED
    hands: bool = True
    loose_boxes: bool = True
    hold_out: tuple[str, ...] = ()
    frozen_epochs: int = 1
    full_epochs: int = 19
    frozen_from: int = 4
    full_from: int = 3
    epoch_samples: int = 8_000
    set_balance: float = 0.5
    batch_size: int = 32
    learning_rate: float = 2e-4
    full_learning_rate: float = 1e-4
    warmup_share: float = 0.08
    average_share: float = 0.05
    label_smoothing: float = 0.0
    teacher: str | None = None
    teacher_weight: float = 0.5
    teacher_temperature: float = 2.0
    seed: int = 20
    precision: str = "auto"
    max_validation: int = 800
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    @property
    def epochs_total(self) -> int:
        """Epochs of both phases."""
        return self.frozen_epochs + self.full_epochs

    def record(self) -> dict[str, Any]:
        """The settings as JSON holds them; the weights by name, since folders are private."""
        record: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        teacher = None if self.teacher is None else _public_name(self.teacher)
        return record | {"weights": _public_name(self.weights), "teacher": teacher}


def _public_name(path: str) -> str:
    file = Path(path)
    # all trained networks are called model.keras
    return file.parent.name if file.suffix == ".keras" else file.name
