"""Read training records that may be missing, malformed, hold NaN, or be half written.

`maskdet_core.records` has their schemas; nothing here relies on a file to fit it.
"""

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from maskdet_app.ui.json_values import Bounded, count, finite, one_line
from maskdet_app.ui.texts.i18n import t
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core.files import models_folder
from maskdet_core.masks.loading import WHOLE
from maskdet_core.records.evaluation import EVALUATION_FILE
from maskdet_core.records.runs import EPOCHS_FILE, RUN_FILE

RUNS_ENV: Final = "MASKDET_RUNS"
"""Environment variable: one more folder of runs."""
MODELS: Final = models_folder()
"""Folder of what ships."""
MAX_RECORD_BYTES: Final = 4_000_000
"""A larger record is refused: a run of 10,000 epochs needs 3 MB, the shipped evaluation 0.5 MB."""
MAX_EPOCHS: Final = 10_000
"""Further epochs are left out."""
EPOCH_NUMBERS: Final = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds")
"""Fields of `maskdet_core.records.runs.EpochRecord` that are drawn."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run as far as it can be read.

    ``epochs`` holds finite numbers only; ``problems`` says in words what could not be read.
    """

    name: str
    folder: Path
    shipped: bool
    info: dict[str, Any] = field(default_factory=dict)
    epochs: tuple[dict[str, Any], ...] = ()
    evaluation: dict[str, Any] | None = None
    problems: tuple[str, ...] = ()
    quiet_s: float = 0.0

    @property
    def running(self) -> bool:
        """Whether the record says that training goes on; see ``quiet_s`` for how likely it is."""
        return self.info.get("status") == "running"


def run_folders() -> list[Path]:
    """Folders with a training record, newest record first, shipped and local ones."""
    roots = [MODELS / "runs", MODELS / WHOLE / "runs", Path("runs")]
    if extra := os.environ.get(RUNS_ENV):
        roots.append(Path(extra))
    found = [
        folder
        for root in roots
        if root.is_dir()
        for folder in root.iterdir()
        if any((folder / name).is_file() for name in (RUN_FILE, EPOCHS_FILE))
    ]
    return sorted(found, key=lambda folder: (-_newest_change(folder), str(folder)))


def read_run(folder: Path, *, summary: bool = False) -> Run:
    """Read what can be read of a run; never raises for what the files hold.

    Args:
        folder: of the run.
        summary: read no epochs and no evaluation.
    """
    problems: list[str] = []
    info = read_object(folder / RUN_FILE, problems) or {}
    epochs = [] if summary else _read_epochs(folder / EPOCHS_FILE, problems)
    evaluation = None
    if not summary and (folder / EVALUATION_FILE).exists():
        evaluation = read_object(folder / EVALUATION_FILE, problems)
    name = info.get("name")
    return Run(
        name=name if isinstance(name, str) and name else one_line(folder.name),
        folder=folder,
        shipped=folder.parent == MODELS / "runs",
        info=info,
        epochs=tuple(epochs),
        evaluation=evaluation,
        problems=tuple(problems),
        quiet_s=max(0.0, time.time() - _newest_change(folder)),
    )


def read_text(path: Path, problems: list[str]) -> str | None:
    """Text of a file that is not too large, else None and a line in ``problems``."""
    try:
        if path.stat().st_size > MAX_RECORD_BYTES:
            problems.append(t("records.too_large", file=path.name))
            return None
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        problems.append(t("records.missing", file=path.name))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(t("records.unreadable", file=path.name, error=type(error).__name__))
    return None


def read_object(path: Path, problems: list[str]) -> dict[str, Any] | None:
    """The object that a JSON file holds; None, and a line in ``problems``, where it does not."""
    text = read_text(path, problems)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        problems.append(t("records.invalid", file=path.name))
        return None
    if not isinstance(found, dict):
        problems.append(t("records.no_object", file=path.name))
        return None
    bounded = Bounded(found)
    if bounded.n_dropped:
        problems.append(t("records.dropped", n=bounded.n_dropped, file=path.name))
    return dict(bounded.value)


def _read_epochs(path: Path, problems: list[str]) -> list[dict[str, Any]]:
    text = read_text(path, problems)
    if text is None:
        return []
    epochs: list[dict[str, Any]] = []
    n_bad = 0
    n_gaps = 0
    n_lines = text.count("\n")
    if n_lines > MAX_EPOCHS:
        text = "\n".join(text.split("\n", MAX_EPOCHS)[:-1]) + "\n"
        problems.append(
            t(
                "records.too_long",
                file=path.name,
                n=number_text(n_lines, ","),
                most=number_text(MAX_EPOCHS, ","),
            )
        )
    *lines, last = text.split("\n")
    for line in filter(str.strip, [*lines, last]):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            if line is last:
                # Without its line end it is still being written: not yet there, and no fault.
                continue
            found = None
        number = count(found.get("epoch")) if isinstance(found, dict) else None
        if number is None:
            n_bad += 1
            continue
        values = {name: finite(found.get(name)) for name in EPOCH_NUMBERS}
        n_gaps += sum(values[name] is None for name in EPOCH_NUMBERS if name in found)
        phase = found.get("phase")
        shown = one_line(phase) if isinstance(phase, str) else ""
        epochs.append({"epoch": int(number), "phase": shown, **values})
    numbers = [epoch["epoch"] for epoch in epochs]
    if numbers != sorted(set(numbers)):
        # A second phase may count from one again.
        for position, epoch in enumerate(epochs, start=1):
            epoch["epoch"] = position
    if n_bad:
        problems.append(t("records.malformed", n=n_bad, file=path.name))
    if n_gaps:
        problems.append(t("records.dropped", n=n_gaps, file=path.name))
    return epochs


def _newest_change(folder: Path) -> float:
    times = [0.0]
    for name in (RUN_FILE, EPOCHS_FILE, EVALUATION_FILE):
        try:
            times.append((folder / name).stat().st_mtime)
        except OSError:
            continue
    return max(times)
