"""The demo film: the portrait turns its head, puts a mask on, pulls it to the chin, takes it off.

One loop without a cut. The head moves by a displacement field: it sways and tilts as a whole, and
what is nearer to the camera moves further when it turns. The camera and the body stand still.
"""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from train.samples.portrait import MASK_OUTLINE, Rgb, doubled, paint_mask, portrait

FPS: Final = 24
LOOP_S: Final = 12
N_FRAMES: Final = FPS * LOOP_S
MOVE_S: Final = 0.5
"""How long the mask takes from one place to the next."""
PUT_ON_S: Final = 2.6
PULL_DOWN_S: Final = 5.8
TAKE_OFF_S: Final = 9.2
"""When it begins to move."""
WIDTH_PX: Final = 640
HEIGHT_PX: Final = 480
_CUT: Final = (slice(0, HEIGHT_PX), slice(68, 68 + WIDTH_PX))
"""Rows and columns of the doubled portrait that the camera sees: before the rocket model begins,
which may pass for a face, and with room below the face for what a page lays over the film."""
_CRF: Final = 26
"""Quality of the H.264 encoder; lower is better and larger. Here the file has about 150 KB."""

_CHIN_OUTLINE: Final = np.array(
    [
        (372, 300), (400, 307), (424, 311), (447, 313), (470, 311), (494, 307), (522, 301),
        (525, 322), (513, 344), (488, 365), (450, 377), (412, 367), (384, 346), (370, 324),
    ],
    np.float64,
)  # fmt: skip
"""On the doubled portrait: the corners of `MASK_OUTLINE` when the mask is pulled to the chin."""
_OFF_PX: Final = 330
"""How much lower than worn the mask is out of the picture."""
_EARS: Final = np.array([(353, 226), (361, 268), (547, 234), (541, 272)], np.float64)
"""Where the four ends of the ear loops meet the ears: left upper, left lower, right upper, right
lower."""
_CORNERS: Final = (0, 12, 6, 8)
"""Which corners of the outline they start from."""
_N_RIM: Final = 25
"""Corners of the upper rim after rounding."""
_SAG_PX: Final = 5.0

_HEAD: Final = (447.0, 180.0, 190.0, 215.0)
"""Centre and radii of what moves with the head, hair included."""
_FACE: Final = (447.0, 235.0, 118.0, 150.0)
"""Centre and radii of the face, whose middle is nearest to the camera."""
_NECK: Final = (447.0, 350.0)
"""The point about which the head tilts."""
_SWAY_PX: Final = 6.0
_TURN_PX: Final = 11.0
"""How far the head moves to either side, and the middle of the face before it."""
_BOW_PX: Final = 3.0
_NOD_PX: Final = 5.0
"""The same up and down."""
_TILT: Final = math.radians(2.2)
_NOD_LAG: Final = 0.6
"""The nod's phase before the turn, in radians, so that the head goes round and not to and fro."""


def write_film(path: Path) -> Path:
    """Write the film as H.264 in MP4, 640×480 px, without sound and metadata.

    Args:
        path: of the file; its folder is made if absent.

    Returns:
        The same path.

    Raises:
        PortraitError: scikit-image is not installed.
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # one thread: with several the file depends on the processor
    options = {"crf": str(_CRF), "preset": "veryslow", "threads": "1"}
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as out:
        stream = out.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        for picture_rgb in film(portrait()):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture_rgb, format="rgb24")))
        out.mux(stream.encode())
    return path


def film(portrait_rgb: Rgb, numbers: Iterable[int] = range(N_FRAMES)) -> Iterator[Rgb]:
    """Frames of the loop, uint8 (480, 640, 3) RGB.

    Args:
        portrait_rgb: see `portrait`.
        numbers: which ones, from 0 to below `N_FRAMES`.
    """
    bare = doubled(portrait_rgb)
    drawn: dict[tuple[float, float], Rgb] = {}
    ys, xs = np.mgrid[: bare.shape[0], : bare.shape[1]].astype(np.float32)
    places = _Places(xs, ys, _bump(xs, ys, _HEAD), _bump(xs, ys, _FACE))
    for n in numbers:
        place = _mask_place(n / FPS)
        if place not in drawn:
            drawn = {place: _with_mask(bare, *place)}
        moved = _moved(drawn[place], places, 2 * math.pi * n / N_FRAMES)
        yield np.ascontiguousarray(moved[_CUT])


def _mask_place(at_s: float) -> tuple[float, float]:
    """How far the mask is on the way to the chin, and out of the picture, each 0 to 1."""
    on, down, off = (
        _eased((at_s - since_s) / MOVE_S) for since_s in (PUT_ON_S, PULL_DOWN_S, TAKE_OFF_S)
    )
    return (down if off < 1 else 0.0), (1 - on if down == 0 else off)


def _eased(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def _with_mask(bare: Rgb, down: float, off: float) -> Rgb:
    if off >= 1:
        return bare
    fallen = np.array([0.0, off * _OFF_PX])
    outline = (1 - down) * MASK_OUTLINE + down * _CHIN_OUTLINE + fallen
    ears = _EARS + fallen
    loops = []
    for corner, ear in zip(_CORNERS, ears, strict=True):
        # a loop is sewn on a little inside the corner, which the rounding cuts off
        start = outline[corner] + 0.08 * (outline.mean(axis=0) - outline[corner])
        sag = (0.0, _SAG_PX + 20 * off)
        shares = np.linspace(0, 1, 9)[:, None]
        loops.append((1 - shares) * start + shares * ear + 4 * shares * (1 - shares) * sag)
    rounded = [np.round(loop).astype(int) for loop in loops]
    return paint_mask(bare, _rounded(outline), rounded, n_rim=_N_RIM)


def _rounded(outline: NDArray[np.float64]) -> NDArray[np.int_]:
    """The outline with its corners cut twice (Chaikin, 1974)."""
    for _ in range(2):
        following = np.roll(outline, -1, axis=0)
        pairs = (0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following)
        outline = np.stack(pairs, axis=1).reshape(-1, 2)
    return np.round(outline).astype(int)


class _Places(NamedTuple):
    """Of each px of the doubled portrait.

    Attributes:
        xs: column.
        ys: row.
        head: how much of the head's movement it takes part in, 0 to 1.
        face: how near to the camera it is, 0 to 1.
    """

    xs: NDArray[np.float32]
    ys: NDArray[np.float32]
    head: NDArray[np.float32]
    face: NDArray[np.float32]


def _moved(picture: Rgb, places: _Places, phase: float) -> Rgb:
    """The picture with its head turned.

    Args:
        picture: the doubled portrait.
        places: see `_Places`.
        phase: of the loop, 0 to 2π.
    """
    xs, ys, head, face = places
    turn, nod = math.sin(2 * phase), math.sin(phase + _NOD_LAG)
    tilt = _TILT * math.sin(3 * phase)
    right = head * (_SWAY_PX * turn - tilt * (ys - _NECK[1])) + face * (_TURN_PX * turn)
    down = head * (_BOW_PX * nod + tilt * (xs - _NECK[0])) + face * (_NOD_PX * nod)
    return np.asarray(
        cv2.remap(picture, xs - right, ys - down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    )


def _bump(
    xs: NDArray[np.float32], ys: NDArray[np.float32], ellipse: tuple[float, float, float, float]
) -> NDArray[np.float32]:
    """1 in the middle of an ellipse, falling smoothly to 0 at its edge."""
    x, y, across, down = ellipse
    squared = ((xs - x) / across) ** 2 + ((ys - y) / down) ** 2
    return np.asarray(np.clip(1 - squared, 0, 1) ** 1.5, np.float32)
