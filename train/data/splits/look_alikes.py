"""Look-alikes among many pictures, by difference hash."""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

MAX_HASH_DISTANCE: Final = 5
"""Bits of 128 that two pictures may differ in and still count as one source. Pictures of strangers
differ in about half of the bits; a few allow for re-encoding and slight cropping."""

_BLOCK: Final = 128
"""Hashes that are compared with all others at a time: keeps the distances in the cache."""

Hashes = NDArray[np.uint8]


def difference_hash(rgb: NDArray[np.uint8]) -> Hashes:
    """128-bit difference hash, packed in 16 bytes, of an RGB picture of shape (H, W, 3).

    Horizontal and vertical brightness steps on an 8×8 grid, after Krawetz's dHash.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    across = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    down = cv2.resize(grey, (8, 9), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.concatenate(
        [
            (np.diff(across, axis=1) > 0).ravel(),
            (np.diff(down, axis=0) > 0).ravel(),
        ]
    )
    return np.packbits(bits)


def look_alikes(hashes: Hashes, mirrored: Hashes) -> Iterator[tuple[int, int]]:
    """Pairs of pictures that look alike as they are or mirrored; a pair may come twice.

    Args:
        hashes: uint8 (N, 16), see `difference_hash`.
        mirrored: of the mirrored pictures.
    """
    known = _as_words(hashes)
    ones = _n_ones(known)
    # hashes that differ in few bits have about as many ones: only these are compared
    order = np.argsort(ones, kind="stable")
    known, ones = known[order], ones[order]
    for queries in (_as_words(hashes), _as_words(mirrored)):
        query_ones = _n_ones(queries)
        query_order = np.argsort(query_ones, kind="stable")
        for start in range(0, len(queries), _BLOCK):
            block = query_order[start : start + _BLOCK]
            low = query_ones[block[0]] - MAX_HASH_DISTANCE
            high = query_ones[block[-1]] + MAX_HASH_DISTANCE
            first = int(np.searchsorted(ones, low, "left"))
            last = int(np.searchsorted(ones, high, "right"))
            near = _distances(queries[block], known[first:last]) <= MAX_HASH_DISTANCE
            for i, j in zip(*np.nonzero(near), strict=True):
                a, b = int(block[i]), int(order[first + j])
                if a != b:
                    yield a, b


def _as_words(hashes: Hashes) -> NDArray[np.uint64]:
    return np.ascontiguousarray(hashes).view(np.uint64).reshape(len(hashes), 2)


def _n_ones(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    return np.asarray(np.bitwise_count(words).sum(axis=1), np.int64)


def _distances(queries: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Bits that differ, uint8 (Q, N)."""
    return np.asarray(
        np.bitwise_count(queries[:, None, 0] ^ known[None, :, 0])
        + np.bitwise_count(queries[:, None, 1] ^ known[None, :, 1]),
        np.uint8,
    )
