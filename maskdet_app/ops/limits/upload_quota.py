"""How many bytes of uploads, and of films made of them, may be in the server's memory at once."""

import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Protocol, runtime_checkable

Bound = Literal["visit", "address", "server"]
FileKey = tuple[str, str]
"""A session's id and a file's id."""

MAX_VISIT_BYTES: Final = 400_000_000
MAX_ADDRESS_BYTES: Final = 800_000_000
MAX_SERVER_BYTES: Final = 4_000_000_000
_SHARE_OF_MEMORY: Final = 0.4
"""Share of the memory limit that uploads may take: the rest is for the app and for decoding."""
_CGROUP_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_KEEP_REFUSALS_S: Final = 10.0
"""Until then an accepted upload belongs to the same batch and does not end the message."""


class HoldsFiles(Protocol):
    """A batch of photos, or a visitor's video, that knows which files it holds."""

    def __contains__(self, file_id: str, /) -> bool:
        """Whether it holds this file."""
        ...


@runtime_checkable
class KeepsRemoved(Protocol):
    """A batch that keeps removed files for a moment."""

    def discard_removed(self) -> None:
        """Delete the files that it keeps only so that their removal can be undone."""
        ...


class QuotaReachedError(Exception):
    """An upload would exceed a quota."""

    def __init__(self, bound: Bound) -> None:
        """Keep which quota it is."""
        super().__init__(f"upload quota reached: {bound}")
        self.bound = bound


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Most bytes in memory at once: of one visit, of one address, of all visitors."""

    visit: int
    address: int
    server: int

    def of(self, bound: Bound) -> int:
        """The limit of this kind, bytes."""
        limit: int = getattr(self, bound)
        return limit


def default_limits(memory_bytes: int | None = None) -> UploadLimits:
    """Limits for a process that may use so much memory.

    Args:
        memory_bytes: by default the container's limit or, if lower, the machine's memory.
    """
    if memory_bytes is None:
        memory_bytes = _memory_limit()
    server = min(MAX_SERVER_BYTES, int(memory_bytes * _SHARE_OF_MEMORY))
    return UploadLimits(
        visit=min(MAX_VISIT_BYTES, server // 2),
        address=min(MAX_ADDRESS_BYTES, server * 3 // 4),
        server=server,
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Uploads of one visit that were refused.

    Attributes:
        bound: the quota that was reached last.
        n: number of refused files.
        at_s: time of the last one.
    """

    bound: Bound
    n: int
    at_s: float


class UploadQuota:
    """Counts the bytes of uploads that arrive or are held in memory. Thread-safe.

    A finished upload counts for as long as Streamlit or the visit's batch of photos holds the
    file, whichever is longer. What the server makes of one counts as well: `count_made`.
    """

    def __init__(
        self, limits: UploadLimits, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with nothing held.

        Args:
            limits: the quotas.
            clock: monotonic time in seconds.
        """
        self.limits = limits
        self._clock = clock
        self._lock = threading.RLock()
        self._entries: dict[FileKey, tuple[int, str]] = {}
        self._arriving: dict[int, tuple[FileKey, int, str]] = {}
        self._n_opened = 0
        self._used: dict[Bound, Counter[str]] = {
            "visit": Counter(),
            "address": Counter(),
            "server": Counter(),
        }
        self._batches: dict[str, list[weakref.ref[HoldsFiles]]] = {}
        self._refusals: dict[str, Refusal] = {}
        self.stored: Callable[[], Mapping[FileKey, int]] = dict
        """Gives the size of each file that Streamlit holds."""

    def used(self, bound: Bound, key: str = "") -> int:
        """Bytes in use by a visit, an address or the server."""
        with self._lock:
            return self._used[bound][key]

    def begin(self, session_id: str, file_id: str, address: str, expected: int = 0) -> int:
        """Begin to count an upload.

        Args:
            session_id: of the visit.
            file_id: of the file.
            address: the visitor's, as `maskdet_app.ops.limits.address_group` gives it.
            expected: announced size in bytes; 0 if unknown.

        Returns:
            A number that names the upload to the other methods.

        Raises:
            QuotaReachedError: there is no room for the announced size.
        """
        with self._lock:
            for reference in self._batches.get(session_id, ()):
                batch: object = reference()
                if isinstance(batch, KeepsRemoved):
                    # else a visitor who made room would be refused while it can be undone
                    batch.discard_removed()
            self.release_dropped()
            self._require_room(session_id, address, expected)
            self._n_opened += 1
            self._arriving[self._n_opened] = ((session_id, file_id), 0, address)
            return self._n_opened

    def add(self, upload: int, n_bytes: int) -> None:
        """Count bytes that arrived.

        Raises:
            QuotaReachedError: a quota is exceeded; the bytes are not counted.
        """
        with self._lock:
            key, n_before, address = self._arriving[upload]
            try:
                self._require_room(key[0], address, n_bytes)
            except QuotaReachedError:
                self.release_dropped()
                self._require_room(key[0], address, n_bytes)
            self._count(key[0], address, n_bytes)
            self._arriving[upload] = (key, n_before + n_bytes, address)

    def end(self, upload: int, *, accepted: bool) -> None:
        """Stop counting an upload; an accepted file counts on for as long as it is held."""
        with self._lock:
            key, n_bytes, address = self._arriving.pop(upload)
            self._count(key[0], address, -n_bytes)
            if not accepted:
                return
            self._forget(key)
            n_bytes = self.stored().get(key, n_bytes)
            self._entries[key] = (n_bytes, address)
            self._count(key[0], address, n_bytes)
            refusal = self._refusals.get(key[0])
            if refusal is not None and self._clock() - refusal.at_s > _KEEP_REFUSALS_S:
                del self._refusals[key[0]]

    def count_made(self, session_id: str, file_id: str, made_id: str, n_bytes: int) -> None:
        """Count what the server made of an upload, for as long as a holder contains its id.

        It is there already, so nothing is refused, but later uploads find less room. A second call
        with the same id replaces the first. Nothing is counted where the upload is not.

        Args:
            session_id: of the visit.
            file_id: of the upload.
            made_id: of what was made; no upload's.
            n_bytes: its size.
        """
        with self._lock:
            self.release_dropped()
            entry = self._entries.get((session_id, file_id))
            if entry is None:
                return
            key, address = (session_id, made_id), entry[1]
            self._forget(key)
            self._entries[key] = (n_bytes, address)
            self._count(session_id, address, n_bytes)

    def hold_in(self, session_id: str, batch: HoldsFiles) -> None:
        """Count files for as long as this, or another holder of the visit, contains their ids."""
        with self._lock:
            kept = [one for one in self._batches.get(session_id, ()) if one() is not None]
            if all(one() is not batch for one in kept):
                kept.append(weakref.ref(batch))
            self._batches[session_id] = kept

    def hand_over(self, before: str, session_id: str) -> None:
        """Count what one visit's holders contain for another visit, which has them from now on."""
        with self._lock:
            for key in [key for key in self._entries if key[0] == before]:
                if self._is_in_batch(key):
                    n_bytes, address = self._entries[key]
                    self._forget(key)
                    self._forget((session_id, key[1]))
                    self._entries[session_id, key[1]] = (n_bytes, address)
                    self._count(session_id, address, n_bytes)
            holders = self._batches.pop(before, [])
            self._batches[session_id] = [*self._batches.get(session_id, ()), *holders]
            self._refusals.pop(before, None)

    def release_dropped(self) -> None:
        """Stop counting files that nothing holds any more."""
        with self._lock:
            stored = self.stored()
            for key in [key for key in self._entries if key not in stored]:
                if not self._is_in_batch(key):
                    self._forget(key)
            sessions = {key[0] for key in self._entries}
            for session_id, batches in list(self._batches.items()):
                if session_id not in sessions and all(one() is None for one in batches):
                    del self._batches[session_id]
                    self._refusals.pop(session_id, None)

    def note_refusal(self, session_id: str, bound: Bound) -> None:
        """Remember that an upload of this visit was refused, for its page."""
        with self._lock:
            before = self._refusals.get(session_id, Refusal(bound, 0, 0.0))
            self._refusals[session_id] = replace(
                before, bound=bound, n=before.n + 1, at_s=self._clock()
            )

    def refusal(self, session_id: str) -> Refusal | None:
        """What was refused of this visit's uploads; None if nothing was."""
        with self._lock:
            return self._refusals.get(session_id)

    def clear_refusal(self, session_id: str) -> None:
        """Forget what was refused, after the visitor made room."""
        with self._lock:
            self._refusals.pop(session_id, None)

    def _is_in_batch(self, key: FileKey) -> bool:
        session_id, file_id = key
        batches = (one() for one in self._batches.get(session_id, ()))
        return any(batch is not None and file_id in batch for batch in batches)

    def _forget(self, key: FileKey) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._count(key[0], entry[1], -entry[0])

    def _count(self, session_id: str, address: str, n_bytes: int) -> None:
        for bound, key in _keys(session_id, address):
            counter = self._used[bound]
            counter[key] += n_bytes
            if counter[key] <= 0:
                del counter[key]

    def _require_room(self, session_id: str, address: str, n_bytes: int) -> None:
        for bound, key in _keys(session_id, address):
            if self._used[bound][key] + n_bytes > self.limits.of(bound):
                raise QuotaReachedError(bound)


def _keys(session_id: str, address: str) -> tuple[tuple[Bound, str], ...]:
    return ("visit", session_id), ("address", address), ("server", "")


def _memory_limit() -> int:
    limits = []
    for path in _CGROUP_LIMITS:
        try:
            limits.append(int(path.read_text(encoding="ascii")))
        except (OSError, ValueError):
            # no such file, or "max"
            continue
    try:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        # Windows has no sysconf
        limits.append(4_000_000_000)
    return min(limits)


QUOTA: Final = UploadQuota(default_limits())
"""This server's quota: the server counts uploads, the photo page reads what was refused."""
