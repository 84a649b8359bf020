"""What a run resumes earlier results by: the same settings, and no other run beside it."""

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from maskdet_core.detector import MaskDetector
from maskdet_core.errors import JournalError

REMEDY: Final = "Name another folder, or start over with --fresh."
"""What a user can do about results that cannot be continued."""
_RECORDS: Final = ("training", "metrics", "evaluation")
"""Parts of a manifest that do not affect verdicts."""


def detector_settings(detector: MaskDetector) -> dict[str, Any]:
    """What a detector's verdicts depend on, in JSON types."""
    manifest = detector.classifier.manifest
    finder = detector.finder.fingerprint
    return {
        "model": manifest.name,
        "model_sha256": manifest.sha256,
        "model_manifest": _digest(manifest.to_json()),
        "finder": finder["name"],
        "finder_manifest": _digest(finder["definition"]),
        "min_confidence": detector.min_confidence,
        "min_face_px": detector.min_face_px,
        "max_faces": detector.max_faces,
        # absent where it is off, so that older journals, which lack it, can be resumed
        **({"two_classes": True} if detector.two_classes else {}),
    }


def lock(file: BinaryIO, path: Path) -> None:
    """Keep a second run out, which would use the same numbers. The lock ends with the process.

    Raises:
        JournalError: another process holds it.
    """
    if sys.platform == "win32":
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalError(f"{path} is used by another run: wait for its end") from error
    except OSError:
        # some network folders support no locks, and a single run there needs none
        return


def _digest(manifest: Mapping[str, Any]) -> str:
    relevant = {name: value for name, value in manifest.items() if name not in _RECORDS}
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()
