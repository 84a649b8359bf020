"""Settings of a training run."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from train.augment.faces import AugmentConfig
from train.data.datasets import CLASSES, OUTPUTS

HEAD_ONLY = 6
"""As the first trained block: none of VGG19's five, only the layers on top."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The network around VGG19's convolutions.

    Attributes:
        preprocessing: "imagenet_mean" subtracts ImageNet's mean from RGB 0-255, as the ImageNet
            weights expect; "unit_range" divides by 255.
        head: "pooled" averages each feature over the picture before the last layer; "flat"
            connects that layer to every feature at every position.
        no_face: whether a third output is trained on hard negatives.
        blocks: blocks of convolutions kept, counted from the input.
    """

    preprocessing: Literal["imagenet_mean", "unit_range"] = "imagenet_mean"
    head: Literal["pooled", "flat"] = "pooled"
    no_face: bool = True
    blocks: int = 5

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the logits, in order."""
        return OUTPUTS if self.no_face else CLASSES


SHIPPED = NetworkConfig()
"""The network that the app expects."""


@dataclass(frozen=True)
class FitConfig:
    """Settings of a training run; a resumed run must have the same.

    Attributes:
        weights: start weights, see `train.network.vgg19.build_model`.
        hands: whether pictures of hands are laid over faces.
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
        precision: Keras policy; "auto" takes bfloat16 where the processor computes in it.
    """

    weights: str = "imagenet"
    network: NetworkConfig = SHIPPED
    hands: bool = True
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
        start = Path(self.weights)
        # all trained networks are called model.keras
        name = start.parent.name if start.suffix == ".keras" else start.name
        return asdict(self) | {"hold_out": list(self.hold_out), "weights": name}
