"""The manifest of a trained finder: files, geometry and presets, written by training."""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from maskdet_core.errors import CascadeError
from maskdet_core.files import file_sha256, write_atomic

FORMAT: Final = 4
"""Version of the JSON layout; a reader refuses any other."""
TREES_FORMAT: Final = 2
"""That of version 0.2, whose finders boosted trees verified."""

REQUIRED_PRESETS: Final = frozenset({"photo", "live"})
"""Presets that every manifest has."""

_REMEDY: Final = "Restore it with `git checkout models`, or train a new one."
_NO_TREES: Final = (
    "cascade manifest {path}: its finder is one of version 0.2, verified by boosted trees, which "
    "this version no longer has. Leave MASKDET_FINDER and --finder out to use the finder that "
    "ships, or train one with `python -m train proposals` and `python -m train finder`."
)


@dataclass(frozen=True, slots=True)
class FinderPreset:
    """How thoroughly an image is searched.

    Attributes:
        scale_step: ratio of neighbouring window sizes, 1.01 to 2; a smaller step finds more faces
            and takes longer.
        min_score: minimum log odds of a face; a higher one gives fewer false faces and misses more.
        candidate_score: lower minimum of candidates that a face rule judges by the classifier's
            word too; None takes ``min_score``.
        max_windows: most clusters whose best window is verified, those with the proposer's highest
            scores: bounds the time on an image of pure texture. None verifies all.
        least_window: side of the smallest window in heights of the smallest face, 1 to 2. The
            smallest windows take most of the time, and the network moves a larger one onto the
            face.
        stages: how many of the proposer's stages are run. The last rank the windows that pass, and
            take half of the time. None runs all.
    """

    scale_step: float
    min_score: float
    max_windows: int | None = None
    least_window: float = 1.0
    stages: int | None = None
    candidate_score: float | None = None

    def __post_init__(self) -> None:
        """Validate the ranges.

        Raises:
            ValueError: a step outside 1.01 to 2, a score that is not finite, no window, a smallest
                window outside 1 to 2, no stage, or a higher minimum for candidates.
        """
        if not 1.01 <= self.scale_step <= 2.0:
            raise ValueError(f"scale_step must be 1.01 to 2, got {self.scale_step}")
        if not math.isfinite(self.min_score):
            raise ValueError(f"min_score must be finite, got {self.min_score}")
        if self.max_windows is not None and self.max_windows < 1:
            raise ValueError(f"max_windows must be 1 or more, got {self.max_windows}")
        if self.candidate_score is not None and not self.candidate_score <= self.min_score:
            raise ValueError(
                f"candidate_score must be at most min_score, got {self.candidate_score}"
            )
        if not 1.0 <= self.least_window <= 2.0:
            raise ValueError(f"least_window must be 1 to 2, got {self.least_window}")
        if self.stages is not None and self.stages < 1:
            raise ValueError(f"stages must be 1 or more, got {self.stages}")

    def to_json(self) -> dict[str, Any]:
        """The preset in plain JSON types, without optional settings at their defaults."""
        return {
            one.name: value
            for one in fields(self)
            if (value := getattr(self, one.name)) != one.default
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        max_windows, stages = raw.get("max_windows"), raw.get("stages")
        candidate_score = raw.get("candidate_score")
        return cls(
            float(raw["scale_step"]),
            float(raw["min_score"]),
            None if max_windows is None else int(max_windows),
            float(raw.get("least_window", 1.0)),
            None if stages is None else int(stages),
            None if candidate_score is None else float(candidate_score),
        )


@dataclass(frozen=True, slots=True)
class CascadeFile:
    """A file of the finder: the cascade in OpenCV's XML, or the network (`NetworkFile`).

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
            raise CascadeError(f"cannot read the cascade {path}: {error}. {_REMEDY}") from error
        if digest != self.sha256:
            raise CascadeError(
                f"cascade {path}: expected sha256 {self.sha256}, got {digest}. {_REMEDY}"
            )
        return path


@dataclass(frozen=True, slots=True)
class NetworkFile(CascadeFile):
    """A LiteRT network that verifies proposals, and what its logits mean.

    Attributes:
        input_px: side of its input.
        context: side of the region that it sees, in sides of the window.
        scale: factor that turns its logit into log odds of a face, above 0.
        shift: what is added to that.
    """

    input_px: int = 32
    context: float = 1.5
    scale: float = 1.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        """Validate the name and the ranges.

        Raises:
            ValueError: a value out of its range.
        """
        CascadeFile.__post_init__(self)
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
            "file": self.file,
            "sha256": self.sha256,
            "input_px": self.input_px,
            "context": self.context,
            "log_odds": {"scale": self.scale, "shift": self.shift},
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            raw["file"],
            raw["sha256"],
            int(raw["input_px"]),
            float(raw["context"]),
            float(raw["log_odds"]["scale"]),
            float(raw["log_odds"]["shift"]),
        )


@dataclass(frozen=True, slots=True)
class CascadeManifest:
    """Everything that the runtime needs to know about a trained finder.

    A window of side ``s`` maps to a box of ``width * s`` by ``height * s`` in the reference
    framing, whose centre lies ``shift_y * s`` below the window's.

    Attributes:
        name: of the finder.
        proposals: the cascade that proposes windows; the key ``search`` in the file.
        first_look: the network that looks at proposals.
        second_look: the network that looks at what the first leaves, and gives the scores; None,
            while it is not trained, is the first once more.
        window_px: side of the proposer's window.
        width: of the reference box, in sides of the window.
        height: of the reference box, in sides of the window.
        shift_y: of the reference box, in sides of the window.
        presets: search settings by name, "photo" and "live" among them.
        training: records of the training run; they change no result.
        evaluation: measured figures; they change no result.
    """

    name: str
    proposals: CascadeFile
    first_look: NetworkFile
    second_look: NetworkFile | None
    window_px: int
    width: float
    height: float
    shift_y: float
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
        if not (0.2 <= self.width <= 2 and 0.2 <= self.height <= 2 and abs(self.shift_y) <= 1):
            raise ValueError(
                "expected width and height of 0.2 to 2 and shift_y of -1 to 1, got "
                f"{self.width}, {self.height}, {self.shift_y}"
            )
        if not set(self.presets) >= REQUIRED_PRESETS:
            raise ValueError(f"expected presets photo and live, got {sorted(self.presets)}")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and validate a manifest.

        Raises:
            CascadeError: the file is missing, not JSON, has a missing or invalid value, or is of a
                finder that boosted trees verify.
        """
        try:
            raw = json.loads(Path(path).read_text(encoding="utf-8"))
            if raw["format"] == TREES_FORMAT:
                raise CascadeError(_NO_TREES.format(path=path))
            if raw["format"] != FORMAT:
                raise ValueError(f"format must be {FORMAT}, got {raw['format']!r}")
            box = raw["box"]
            return cls(
                name=str(raw["name"]),
                proposals=CascadeFile(**raw["search"]),
                first_look=NetworkFile.from_json(raw["first_look"]),
                second_look=(
                    NetworkFile.from_json(raw["second_look"]) if "second_look" in raw else None
                ),
                window_px=int(raw["window_px"]),
                width=float(box["width"]),
                height=float(box["height"]),
                shift_y=float(box["shift_y"]),
                presets={
                    str(name): FinderPreset.from_json(preset)
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
        second = self.second_look
        return {
            "format": FORMAT,
            "name": self.name,
            "search": asdict(self.proposals),
            "first_look": self.first_look.to_json(),
            **({} if second is None else {"second_look": second.to_json()}),
            "window_px": self.window_px,
            "box": {"width": self.width, "height": self.height, "shift_y": self.shift_y},
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
