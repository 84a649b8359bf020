"""The manifest of the trained finder: files and presets, written by training."""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from maskdet_core.errors import CascadeError
from maskdet_core.files import file_sha256, write_atomic

FORMAT: Final = 3
"""Version of the JSON layout; a reader refuses any other."""

REQUIRED_PRESETS: Final = frozenset({"photo", "live"})
"""Presets that every manifest has."""

_REMEDY: Final = "Restore it with `git checkout models`, or train a new one."


@dataclass(frozen=True, slots=True)
class FinderPreset:
    """How thoroughly an image is searched.

    Attributes:
        scale_step: ratio of neighbouring window sizes, 1.01 to 2; a smaller step finds more faces
            and takes longer.
        min_score: minimum log odds of a face; a higher one gives fewer false faces and misses more.
        max_windows: most windows that the verifier looks at, those with the proposer's highest
            scores: bounds the time on an image of pure texture.
    """

    scale_step: float
    min_score: float
    max_windows: int = 300

    def __post_init__(self) -> None:
        """Validate the ranges.

        Raises:
            ValueError: a step outside 1.01 to 2, a score that is not finite, or no window.
        """
        if not 1.01 <= self.scale_step <= 2.0:
            raise ValueError(f"scale_step must be 1.01 to 2, got {self.scale_step}")
        if not math.isfinite(self.min_score):
            raise ValueError(f"min_score must be finite, got {self.min_score}")
        if self.max_windows < 1:
            raise ValueError(f"max_windows must be 1 or more, got {self.max_windows}")

    def to_json(self) -> dict[str, Any]:
        """The preset in plain JSON types."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class FinderFile:
    """A cascade in OpenCV's XML, or a LiteRT network.

    Attributes:
        file: bare file name; the file lies beside the manifest.
        sha256: of the file, 64 hexadecimal digits.
    """

    file: str
    sha256: str

    def __post_init__(self) -> None:
        """Validate the name.

        Raises:
            ValueError: the file name has a folder or is empty.
        """
        if not self.file or Path(self.file).name != self.file:
            raise ValueError(f"file must be a bare file name, got {self.file!r}")

    @classmethod
    def of(cls, path: Path) -> Self:
        """The entry for an existing file."""
        return cls(path.name, file_sha256(path))

    def resolve(self, folder: Path) -> Path:
        """Path of the file in ``folder``, after its hash was verified.

        Raises:
            CascadeError: the file is missing or has another hash.
        """
        path = Path(folder) / self.file
        try:
            digest = file_sha256(path)
        except OSError as error:
            raise CascadeError(f"cannot read {path}: {error}. {_REMEDY}") from error
        if digest != self.sha256:
            raise CascadeError(f"{path}: expected sha256 {self.sha256}, got {digest}. {_REMEDY}")
        return path


@dataclass(frozen=True, slots=True)
class VerifierModel:
    """The network that verifies proposals, and what its logits mean.

    Attributes:
        file: the network.
        input_px: side of its input.
        context: side of the region that it sees, in sides of the window.
        scale: factor that turns its logit into log odds of a face, above 0.
        shift: what is added to that.
    """

    file: FinderFile
    input_px: int
    context: float
    scale: float = 1.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        """Validate the ranges.

        Raises:
            ValueError: a value out of its range.
        """
        if not 8 <= self.input_px <= 256:
            raise ValueError(f"input_px must be 8 to 256, got {self.input_px}")
        if not 1 <= self.context <= 4:
            raise ValueError(f"context must be 1 to 4, got {self.context}")
        if not (math.isfinite(self.scale) and self.scale > 0 and math.isfinite(self.shift)):
            raise ValueError(
                "expected a finite scale above 0 and a finite shift, got "
                f"{self.scale}, {self.shift}"
            )

    def log_odds(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds of a face for the network's logits."""
        return self.scale * logits + self.shift

    def to_json(self) -> dict[str, Any]:
        """The entry in plain JSON types."""
        return {
            **asdict(self.file),
            "input_px": self.input_px,
            "context": self.context,
            "log_odds": {"scale": self.scale, "shift": self.shift},
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            FinderFile(raw["file"], raw["sha256"]),
            int(raw["input_px"]),
            float(raw["context"]),
            float(raw["log_odds"]["scale"]),
            float(raw["log_odds"]["shift"]),
        )


@dataclass(frozen=True, slots=True)
class CascadeManifest:
    """Everything that the runtime needs to know about the trained finder.

    Attributes:
        name: of the finder.
        proposals: the cascade that proposes windows; the key ``search`` in the file.
        verifier: the network that verifies them.
        window_px: side of the proposer's window.
        presets: search settings by name, "photo" and "live" among them.
        training: records of the training run; they change no result.
        evaluation: measured figures; they change no result.
    """

    name: str
    proposals: FinderFile
    verifier: VerifierModel
    window_px: int
    presets: dict[str, FinderPreset]
    training: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ValueError: a value out of its range, or a preset is missing.
        """
        if not 8 <= self.window_px <= 128:
            raise ValueError(f"window_px must be 8 to 128, got {self.window_px}")
        if not set(self.presets) >= REQUIRED_PRESETS:
            raise ValueError(f"expected presets photo and live, got {sorted(self.presets)}")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and validate a manifest.

        Raises:
            CascadeError: the file is missing, not JSON, or has a missing or invalid value.
        """
        try:
            raw = json.loads(Path(path).read_text(encoding="utf-8"))
            if raw["format"] != FORMAT:
                raise ValueError(f"format must be {FORMAT}, got {raw['format']!r}")
            return cls(
                name=str(raw["name"]),
                proposals=FinderFile(**raw["search"]),
                verifier=VerifierModel.from_json(raw["verifier"]),
                window_px=int(raw["window_px"]),
                presets={
                    str(name): FinderPreset(
                        float(preset["scale_step"]),
                        float(preset["min_score"]),
                        int(preset["max_windows"]),
                    )
                    for name, preset in raw["presets"].items()
                },
                training=dict(raw.get("training", {})),
                evaluation=dict(raw.get("evaluation", {})),
            )
        except KeyError as error:
            raise CascadeError(f"cascade manifest {path}: {error} is missing. {_REMEDY}") from error
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise CascadeError(f"cascade manifest {path}: {error}. {_REMEDY}") from error

    def to_json(self) -> dict[str, Any]:
        """The manifest in plain JSON types, as it is written."""
        return {
            "format": FORMAT,
            "name": self.name,
            "search": asdict(self.proposals),
            "verifier": self.verifier.to_json(),
            "window_px": self.window_px,
            "presets": {name: preset.to_json() for name, preset in self.presets.items()},
            "training": self.training,
            "evaluation": self.evaluation,
        }

    def definition(self) -> dict[str, Any]:
        """The manifest in JSON types without the records, which change no result."""
        records = {"training", "evaluation"}
        return {name: value for name, value in self.to_json().items() if name not in records}

    def save(self, path: Path) -> None:
        """Write the manifest as JSON, atomically."""
        write_atomic(path, json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n")
