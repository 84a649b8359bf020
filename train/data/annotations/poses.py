"""Poses of heads in held-out photographs, noted by one person's eye; only to evaluate with."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from train.data.annotations.boxes import Box
from train.errors import DataError

POSES: Final = ("frontal", "three_quarter", "profile", "turned_away_or_down")
"""Poses of drawn faces. "frontal": both halves of the face show about alike; "three_quarter": one
half shows less; "profile": one eye, or the outline of the nose; "turned_away_or_down": bent down,
thrown back, or more seen from behind than from the side, whichever way it is turned besides. A head
that leans to a shoulder counts by what it shows."""
FACE_POSES_FILE: Final = Path(__file__).with_name("face_poses.json")
"""A list of `photo`, the name of a file of `street-photos`, `box_xywh` and `pose`: of the faces of
24 px and more in its test and validation part every bare one and every one with a mask worn wrong,
and every fifth masked one."""
PHOTO_POSES_FILE: Final = Path(__file__).with_name("photo_poses.json")
"""Names of held-out photographs of `covid-face-mask` by pose: "frontal", "turned" or "tilted"."""

_Key = TypeVar("_Key")

FacePoses = Mapping[tuple[str, Box], str]
"""Pose by file name of the photograph and drawn box, xywh in px."""


def face_poses(path: Path = FACE_POSES_FILE) -> FacePoses:
    """Poses of single faces.

    Raises:
        DataError: another form, a pose that is not in `POSES`, or a face that is noted twice.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        noted = [(_face(row), str(row["pose"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"expected photo, box_xywh and pose in {path}: {error!r}") from error
    unknown = sorted({pose for _, pose in noted} - set(POSES))
    if unknown:
        raise DataError(f"expected poses of {', '.join(POSES)} in {path}, got {unknown}")
    return _once(noted, path)


def photo_poses(path: Path = PHOTO_POSES_FILE) -> dict[str, str]:
    """Pose of the only person by name of the photograph within its set.

    Raises:
        DataError: another form, or a photograph that is noted twice.
    """
    try:
        by_pose = json.loads(path.read_text(encoding="utf-8"))
        noted = [(str(name), str(pose)) for pose, names in by_pose.items() for name in names]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"expected names of photographs by pose in {path}: {error!r}") from error
    return _once(noted, path)


def _face(row: dict[str, Any]) -> tuple[str, Box]:
    x, y, w, h = (float(value) for value in row["box_xywh"])
    return str(row["photo"]), (x, y, w, h)


def _once(noted: Iterable[tuple[_Key, str]], path: Path) -> dict[_Key, str]:
    poses: dict[_Key, str] = {}
    for key, pose in noted:
        if key in poses:
            raise DataError(f"expected each face once in {path}, got {key} again")
        poses[key] = pose
    return poses
