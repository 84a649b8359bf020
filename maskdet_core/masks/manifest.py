"""The manifest of a network file: classes, input, crop framing, thresholds; written by training."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from maskdet_core.errors import ModelError
from maskdet_core.files import file_sha256, write_atomic
from maskdet_core.masks.face_rule import FaceRule
from maskdet_core.masks.views import FurtherViews, View
from maskdet_core.types import (
    MASK_CLASSES,
    NO_FACE,
    WITH_MASK,
    WITHOUT_MASK,
    WORN_WRONG,
    validate_min_confidence,
)

FORMAT: Final = 1
"""Version of the JSON layout; a reader refuses any other."""

_REQUIRED_CLASSES: Final = {WITH_MASK, WITHOUT_MASK}
_KNOWN_CLASSES: Final = {*MASK_CLASSES, NO_FACE}
_REMEDY: Final = "Restore it with `git checkout models`, or train and export a new one."


@dataclass(frozen=True, slots=True)
class CropFraming:
    """How a square crop is placed around a face box in the reference framing.

    Attributes:
        scale: side of the crop in units of ``max(w, h)`` of the box, 0.1 to 10.
        shift_y: shift of the crop's centre down from the box's, in units of ``h``, -1 to 1.
    """

    scale: float = 1.0
    shift_y: float = 0.0

    def __post_init__(self) -> None:
        """Validate the ranges.

        Raises:
            ValueError: scale outside 0.1 to 10, or shift_y outside -1 to 1.
        """
        if not 0.1 <= self.scale <= 10.0:
            raise ValueError(f"crop scale must be 0.1 to 10, got {self.scale}")
        if not -1.0 <= self.shift_y <= 1.0:
            raise ValueError(f"crop shift_y must be -1 to 1, got {self.shift_y}")


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """Everything that the runtime needs to know about a network.

    The network takes uint8 crops (N, input_size_px, input_size_px, 3), contains its preprocessing,
    and returns one logit for each class.

    Attributes:
        name: of the network.
        file: bare file name; the file lies beside the manifest.
        sha256: of the file, 64 lower-case hex digits.
        size_bytes: of the file.
        architecture: for people.
        quantization: "int8" or "none", for people.
        classes: in the order of the logits: `WITH_MASK` and `WITHOUT_MASK`, and `WORN_WRONG` and
            `NO_FACE` where the network has them.
        input_size_px: side of a crop, 16 to 1024.
        colour_order: "rgb".
        temperature: by which logits are divided, above 0.
        crop: framing of the crops.
        further_views: what the network is shown of crops that it is unsure of; None shows it each
            crop once.
        min_confidence: default threshold, 0.5 <= c < 1.
        min_face_probability: candidates with a lower probability of a face are rejected, where no
            face rule applies; 0 <= p < 1.
        face_rules: by preset of the finder ("photo", "live"); for no other finder than
            ``rules_finder``, since log odds of another mean something else.
        rules_finder: name of the finder that the face rules were fitted for; "" where none is
            named, as by version 0.2, whose finder is gone.
        training: records of the training run; they change no result.
        metrics: measured figures; they change no result.
    """

    name: str
    file: str
    sha256: str
    size_bytes: int
    architecture: str = "VGG19"
    quantization: str = "int8"
    classes: tuple[str, ...] = (WITH_MASK, WITHOUT_MASK)
    input_size_px: int = 128
    colour_order: str = "rgb"
    temperature: float = 1.0
    crop: CropFraming = CropFraming()
    further_views: FurtherViews | None = None
    min_confidence: float = 0.6
    min_face_probability: float = 0.5
    face_rules: dict[str, FaceRule] = field(default_factory=dict)
    rules_finder: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Validate the values.

        Raises:
            ValueError: a value out of its range, or other classes than the known ones.
        """
        if not self.file or Path(self.file).name != self.file:
            raise ValueError(f"file must be a bare file name, got {self.file!r}")
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            raise ValueError(f"sha256 must be 64 lower-case hex digits, got {self.sha256!r}")
        if self.size_bytes < 1:
            raise ValueError(f"size_bytes must be 1 or more, got {self.size_bytes}")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes must differ from each other, got {list(self.classes)}")
        # a class that is left out of the softmax would make the others too probable
        if not _REQUIRED_CLASSES <= set(self.classes) <= _KNOWN_CLASSES:
            raise ValueError(
                f"classes must be {WITH_MASK} and {WITHOUT_MASK}, with or without {WORN_WRONG} and "
                f"{NO_FACE}, got {list(self.classes)}"
            )
        if not 16 <= self.input_size_px <= 1024:
            raise ValueError(f"input size must be 16 to 1024 px, got {self.input_size_px}")
        if self.colour_order != "rgb":
            raise ValueError(f"colour_order must be 'rgb', got {self.colour_order!r}")
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"temperature must be above 0, got {self.temperature}")
        validate_min_confidence(self.min_confidence)
        if not 0.0 <= self.min_face_probability < 1.0:
            raise ValueError(
                "min_face_probability must be at least 0 and below 1, got "
                f"{self.min_face_probability}"
            )

    @property
    def has_worn_wrong(self) -> bool:
        """Whether the network tells a mask worn wrong from a mask and from none."""
        return WORN_WRONG in self.classes

    @property
    def no_face_index(self) -> int | None:
        """Index of `NO_FACE` among the classes; None where the network does not have it."""
        return self.classes.index(NO_FACE) if NO_FACE in self.classes else None

    @property
    def mask_classes(self) -> tuple[str, ...]:
        """`WITH_MASK`, `WORN_WRONG` if the network has it, and `WITHOUT_MASK`."""
        return tuple(name for name in MASK_CLASSES if name in self.classes)

    @classmethod
    def for_file(cls, model_file: Path, **values: Any) -> Self:
        """The manifest for an existing network file.

        Args:
            model_file: gives name, size and hash.
            values: further fields, or others than those.
        """
        known = {"name": model_file.stem, "size_bytes": model_file.stat().st_size}
        return cls(file=model_file.name, sha256=file_sha256(model_file), **{**known, **values})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and validate a manifest.

        Raises:
            ModelError: the file is missing, not JSON, or has a missing or invalid value.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(
                f"cannot read the model manifest {path}: {error}. {_REMEDY}"
            ) from error
        try:
            return cls._from_json(json.loads(text))
        except KeyError as error:
            raise ModelError(f"model manifest {path}: {error} is missing. {_REMEDY}") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise ModelError(f"model manifest {path}: {error}. {_REMEDY}") from error

    @classmethod
    def _from_json(cls, raw: dict[str, Any]) -> Self:
        for name, expected, got in (
            ("format", FORMAT, raw["format"]),
            ("input.dtype", "uint8", raw["input"]["dtype"]),
            ("input.preprocessing", "inside", raw["input"]["preprocessing"]),
            ("output.kind", "logits", raw["output"]["kind"]),
            ("crop.shape", "square", raw["crop"]["shape"]),
        ):
            if expected != got:
                raise ValueError(f"{name} must be {expected!r}, got {got!r}")
        return cls(
            name=str(raw["name"]),
            file=str(raw["file"]),
            sha256=str(raw["sha256"]),
            size_bytes=int(raw["size_bytes"]),
            architecture=str(raw["architecture"]),
            quantization=str(raw["quantization"]),
            classes=tuple(str(name) for name in raw["classes"]),
            input_size_px=int(raw["input"]["size_px"]),
            colour_order=str(raw["input"]["colour_order"]),
            temperature=float(raw["output"]["temperature"]),
            crop=CropFraming(float(raw["crop"]["scale"]), float(raw["crop"]["shift_y"])),
            further_views=_further_views(raw.get("further_views")),
            min_confidence=float(raw["min_confidence"]),
            min_face_probability=float(raw.get("min_face_probability", 0.5)),
            face_rules={
                str(preset): FaceRule(
                    float(rule["finder_weight"]),
                    float(rule["min_log_odds"]),
                    float(rule.get("mask_margin", 0.0)),
                    float(rule.get("size_weight", 0.0)),
                )
                for preset, rule in raw.get("face_rules", {}).items()
            },
            rules_finder=str(raw.get("rules_finder", "")),
            training=dict(raw.get("training", {})),
            metrics=dict(raw.get("metrics", {})),
        )

    def to_json(self) -> dict[str, Any]:
        """The manifest in plain JSON types, as it is written."""
        rules_finder = {"rules_finder": self.rules_finder} if self.rules_finder else {}
        views = {"further_views": asdict(self.further_views)} if self.further_views else {}
        return {
            "format": FORMAT,
            "name": self.name,
            "file": self.file,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "architecture": self.architecture,
            "quantization": self.quantization,
            "classes": list(self.classes),
            "input": {
                "size_px": self.input_size_px,
                "colour_order": self.colour_order,
                "dtype": "uint8",
                "preprocessing": "inside",
            },
            "output": {"kind": "logits", "temperature": self.temperature},
            "crop": {
                "shape": "square",
                "scale": self.crop.scale,
                "shift_y": self.crop.shift_y,
            },
            **views,
            "min_confidence": self.min_confidence,
            "min_face_probability": self.min_face_probability,
            "face_rules": {preset: asdict(rule) for preset, rule in self.face_rules.items()},
            **rules_finder,
            "training": self.training,
            "metrics": self.metrics,
        }

    def save(self, path: Path) -> None:
        """Write the manifest as JSON, atomically."""
        write_atomic(path, json.dumps(self.to_json(), indent=2, allow_nan=False) + "\n")

    def read_model(self, folder: Path) -> bytes:
        """Read the network file in ``folder`` and compare size and hash with the manifest.

        Raises:
            ModelError: the file is missing, or has another size or hash.
        """
        path = Path(folder) / self.file
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(f"cannot read the model {path}: {error}. {_REMEDY}") from error
        if len(data) != self.size_bytes:
            raise ModelError(
                f"model {path}: expected {self.size_bytes} bytes, got {len(data)}. {_REMEDY}"
            )
        digest = hashlib.sha256(data).hexdigest()
        if digest != self.sha256:
            raise ModelError(
                f"model {path}: expected sha256 {self.sha256}, got {digest}. {_REMEDY}"
            )
        return data


def _further_views(raw: dict[str, Any] | None) -> FurtherViews | None:
    if raw is None:
        return None
    views = (View(bool(v["mirrored"]), float(v["zoom"])) for v in raw["views"])
    return FurtherViews(float(raw["below"]), tuple(views), float(raw.get("least_face", 0.0)))
