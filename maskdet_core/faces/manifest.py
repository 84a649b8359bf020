"""The trained cascades' manifest: the one source of truth on their files, written by training."""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from maskdet_core.errors import CascadeError
from maskdet_core.files import file_sha256, write_whole

FORMAT: Final = 2
"""Version of the JSON layout; a reader refuses any other."""

_REMEDY: Final = "Restore it with `git checkout models`, or train a new one."


@dataclass(frozen=True, slots=True)
class FinderPreset:
    """How thoroughly a picture is searched.

    Attributes:
        scale_step: ratio of neighbouring window sizes, above 1; finer finds more and costs more.
        min_score: faces scored less are dropped; higher makes up fewer faces and misses more.
        tilts_deg: the picture is searched again turned by each of these, for tilted heads.
    """

    scale_step: float
    min_score: float
    tilts_deg: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ValueError: a step outside 1.01 to 2, a score that is no number, or a tilt beyond 90.
        """
        if not 1.01 <= self.scale_step <= 2.0:
            raise ValueError(f"scale_step must be 1.01 to 2, got {self.scale_step}")
        if not math.isfinite(self.min_score):
            raise ValueError(f"min_score must be finite, got {self.min_score}")
        if not all(0 < abs(tilt) <= 90 for tilt in self.tilts_deg):
            raise ValueError(f"tilts_deg must be 0 to 90 either way, got {self.tilts_deg}")


@dataclass(frozen=True, slots=True)
class CascadeFile:
    """One cascade in OpenCV's XML.

    Attributes:
        file: its name beside the manifest.
        sha256: of the file, 64 hexadecimal digits.
    """

    file: str
    sha256: str

    def __post_init__(self) -> None:
        """Check the name.

        Raises:
            ValueError: no bare file name.
        """
        if not self.file or Path(self.file).name != self.file:
            raise ValueError(f"file must be a bare file name, got {self.file!r}")

    @classmethod
    def of(cls, path: Path) -> Self:
        """Describe an existing file."""
        return cls(path.name, file_sha256(path))

    def check(self, folder: Path) -> Path:
        """The file in ``folder``, after its hash was compared.

        Raises:
            CascadeError: the file is missing, or another than the manifest describes.
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
class CascadeManifest:
    """Everything that the runtime needs to know of the trained cascades.

    The reference box is ``width * side`` by ``height * side`` for a window of that side; its
    centre lies ``shift_y * side`` below the window's.
    """

    name: str
    search: CascadeFile
    check: CascadeFile
    window_px: int
    width: float
    height: float
    shift_y: float
    presets: dict[str, FinderPreset]
    training: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ValueError: a value that the runtime could not honour.
        """
        if not 8 <= self.window_px <= 128:
            raise ValueError(f"window_px must be 8 to 128, got {self.window_px}")
        if not (0.2 <= self.width <= 2 and 0.2 <= self.height <= 2 and abs(self.shift_y) <= 1):
            raise ValueError(
                "expected width and height of 0.2 to 2 and shift_y of -1 to 1, got "
                f"{self.width}, {self.height}, {self.shift_y}"
            )
        if not {"photo", "live"} <= set(self.presets):
            raise ValueError(f"expected presets photo and live, got {sorted(self.presets)}")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a manifest.

        Raises:
            CascadeError: the file is missing, no JSON, or holds something unexpected.
        """
        try:
            raw = json.loads(Path(path).read_text(encoding="utf-8"))
            if raw["format"] != FORMAT:
                raise ValueError(f"format must be {FORMAT}, got {raw['format']!r}")
            box = raw["box"]
            return cls(
                name=str(raw["name"]),
                search=CascadeFile(**raw["search"]),
                check=CascadeFile(**raw["check"]),
                window_px=int(raw["window_px"]),
                width=float(box["width"]),
                height=float(box["height"]),
                shift_y=float(box["shift_y"]),
                presets={
                    str(name): FinderPreset(
                        float(one["scale_step"]),
                        float(one["min_score"]),
                        tuple(float(tilt) for tilt in one["tilts_deg"]),
                    )
                    for name, one in raw["presets"].items()
                },
                training=dict(raw.get("training", {})),
                evaluation=dict(raw.get("evaluation", {})),
            )
        except KeyError as error:
            raise CascadeError(f"cascade manifest {path}: {error} is missing. {_REMEDY}") from error
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise CascadeError(f"cascade manifest {path}: {error}. {_REMEDY}") from error

    def to_json(self) -> dict[str, Any]:
        """The manifest as it is written, in plain JSON types."""
        return {
            "format": FORMAT,
            "name": self.name,
            "search": asdict(self.search),
            "check": asdict(self.check),
            "window_px": self.window_px,
            "box": {"width": self.width, "height": self.height, "shift_y": self.shift_y},
            "presets": {name: asdict(one) for name, one in self.presets.items()},
            "training": self.training,
            "evaluation": self.evaluation,
        }

    def save(self, path: Path) -> None:
        """Write the manifest; the file appears whole or not at all."""
        write_whole(path, json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n")
