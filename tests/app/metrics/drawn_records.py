"""Records of finders on hand-drawn boxes."""

from typing import Any


def found(n_found: int) -> dict[str, Any]:
    return {"n": 10, "n_found": n_found, "recall": n_found / 10, "ci95": [0.1, 0.95]}


def record(finder: str, role: str, n_found: int, **more: Any) -> dict[str, Any]:
    by_class = {
        label: found(n_found if label == "without_mask" else 9)
        for label in ("with_mask", "worn_wrong", "without_mask")
    }
    curve = [
        {"further_per_photo": further, "without_mask": recall, "with_mask": None}
        for further, recall in ((0.1, 0.5), (0.5, n_found / 10), (3.0, 1.0))
    ]
    return {
        "finder": finder,
        "role": role,
        "set": "street",
        "photos": 7,
        "processor_ms": 41.6,
        "further_per_photo": 0.4,
        "faces": {"24 px and more": by_class},
        "by_pose": {"profile": by_class},
        "curve": curve,
        **more,
    }


RECORDS = [
    record("maskdet photo", "measured", 8),
    record("maskdet live", "measured", 7),
    record("earlier photo", "earlier", 6),
    record("frontalface_alt", "stock", 3),
]

MEASURED = [one for one in RECORDS if one["role"] != "earlier"]
RECORDED: dict[str, Any] = {
    "date": "2024-05-06T07:08:09+00:00",
    "version": "1.2_3",
    "processor": "Another",
    "manifest": "old",
    "records": [
        {
            "finder": "earlier photo",
            "set": "held back",
            "photos": 5,
            "masked": found(4),
            "bare": found(2),
            "false_per_photo": 0.5,
        }
    ],
    "time_ratio": {"earlier photo": 0.75},
    "drawn": [one for one in RECORDS if one["role"] == "earlier"],
}
