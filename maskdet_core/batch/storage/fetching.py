"""Photos at addresses, read a few ahead of the processes that check them."""

import errno
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from maskdet_core.batch.storage.addresses import Address, Location, opened
from maskdet_core.errors import AddressError, ImageError, TransientImageError
from maskdet_core.pictures.decode import MAX_BYTES, DecodedPhoto, decode_photo, read_photo
from maskdet_core.reasons import Problem

READS_AHEAD_PER_JOB: Final = 4
"""Photos fetched at a time for each process: a service answers in tens of milliseconds, a photo is
checked in as many."""

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A photo that was read in another process than the one that checks it.

    Attributes:
        address: where it lies.
        data: its content, or why there is none.
    """

    address: Address
    data: bytes | ImageError

    def __str__(self) -> str:
        return str(self.address)


def read_location(place: Location | Fetched) -> DecodedPhoto:
    """Read and decode a photo; see `maskdet_core.pictures.decode.read_photo`.

    Raises:
        ImageError: there is no such file, or it cannot be decoded.
        TransientImageError: it cannot be read at the moment, or memory is short.
    """
    if isinstance(place, Path):
        return read_photo(place)
    if isinstance(place, Address):
        return decode_photo(_read_photo_bytes(place))
    if isinstance(place.data, ImageError):
        raise place.data
    return decode_photo(place.data)


def fetch_ahead(
    places: Iterable[Location | Fetched], n_jobs: int
) -> Generator[Location | Fetched, None, None]:
    """Read what has an address, a few photos ahead, so that the wait for a service is not added.

    Args:
        places: taken a little ahead.
        n_jobs: processes that check them.

    Yields:
        Paths as they are, the others with their content.
    """

    def fetched(place: Location | Fetched) -> Location | Fetched:
        return fetch(place) if isinstance(place, Address) else place

    yield from map_ahead(fetched, places, n_ahead(n_jobs))


def n_ahead(n_jobs: int) -> int:
    """Photos to fetch at a time for so many processes."""
    return READS_AHEAD_PER_JOB * n_jobs


def map_ahead(
    function: Callable[[_T], _R], items: Iterable[_T], n_ahead: int
) -> Generator[_R, None, None]:
    """Map a function over items on threads, in order, with at most ``n_ahead`` results held."""
    waiting: deque[Future[_R]] = deque()
    # not by `with`, which would wait for reads that nobody wants any more
    pool = ThreadPoolExecutor(n_ahead, thread_name_prefix="maskdet-read")
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) == n_ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def fetch(address: Address) -> Fetched:
    """Read a photo, or why it cannot be read."""
    try:
        return Fetched(address, _read_photo_bytes(address))
    except ImageError as error:
        return Fetched(address, error)


def _read_photo_bytes(address: Address) -> bytes:
    """Read a photo, and no more of it than a photo may have.

    Raises:
        ImageError: there is no such file, or it is too large.
        TransientImageError: it cannot be read at the moment.
    """
    stamp = address.stamp
    # nothing can be asked of an empty object by a range of its bytes
    if stamp is not None and stamp.size_bytes == 0:
        return b""
    try:
        file_system, path = opened(address)
        if "http" in file_system.protocol:
            return _streamed(file_system, path)
        return bytes(file_system.cat_file(path, start=0, end=MAX_BYTES + 1))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        lasting = errno.ENOENT if isinstance(error, FileNotFoundError) else errno.EISDIR
        raise ImageError(
            f"cannot read the file: {os.strerror(lasting)}", Problem.UNREADABLE
        ) from None
    except PermissionError:
        reason = os.strerror(errno.EACCES)
        raise TransientImageError(f"cannot read the file: {reason}", Problem.UNREADABLE) from None
    except AddressError as error:
        raise TransientImageError(f"cannot read the file: {error}", Problem.UNREADABLE) from None
    except Exception as error:
        # without what the service said, which may hold keys
        raise TransientImageError(
            f"cannot read the file: {type(error).__name__}", Problem.UNREADABLE
        ) from None


def _streamed(file_system: Any, path: str) -> bytes:
    """As `cat_file` with a range, which some servers answer with the whole file."""
    data = bytearray()
    # 0: no blocks, which are asked for by ranges
    with file_system.open(path, "rb", block_size=0) as file:
        while len(data) <= MAX_BYTES and (piece := file.read(MAX_BYTES + 1 - len(data))):
            data += piece
    return bytes(data)
