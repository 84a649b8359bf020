"""Files at addresses such as ``s3://bucket/photos``, beside those with a path, by fsspec.

Paths never need fsspec. Keys and passwords come from where fsspec's file systems look for them, the
environment and the services' own files: an address that holds some is refused, since addresses are
written into reports. What a service says of an error is not repeated, for the same reason.
"""

import errno
import glob
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.errors import AddressError
from maskdet_core.files import PARTIAL, open_atomic, write_atomic

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NEXT_IN_CHAIN: Final = re.compile(r"::(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_WITHOUT_SIGN_IN: Final = frozenset({"file", "local", "memory", "zip", "tar", "libarchive"})
_PASSWORD: Final = re.compile(r":.*@", re.DOTALL)
"""A password may hold any sign, and keys of S3 often hold a slash."""
_QUERY: Final = re.compile(r"\?[^/?]*=")
"""Not each ``?``, which stands for a letter in patterns."""
_VERSIONS: Final = (
    *("ETag", "etag", "CRC", "crc32c", "md5Hash", "checksum", "generation"),
    *("LastModified", "last_modified", "mtime", "updated", "created", "date_time"),
)
"""What file systems tell of a file's content, best first."""
_INSTALL_CLOUD: Final = "pip install 'maskdet[cloud]'"


@dataclass(frozen=True, slots=True)
class Address:
    """A file or folder that fsspec reaches; two are equal if they are written alike.

    Attributes:
        url: as written, such as ``zip://a.jpg::s3://bucket/photos.zip``.
        stamp: what a listing told of the file; None if it was not listed.
    """

    url: str
    stamp: FileStamp | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> "Address":
        first, chained, rest = self.url.partition("::")
        before = first if first.endswith("/") else f"{first}/"
        return Address(f"{before}{name}{chained}{rest}")

    @property
    def scheme(self) -> str:
        """Such as ``s3``."""
        return self.url.partition("://")[0].lower()

    @property
    def inner(self) -> str:
        """Where it lies in its file system: all before the first ``::``."""
        return self.url.partition("::")[0]

    @property
    def name(self) -> str:
        """Its last part."""
        return self.inner.rstrip("/").rpartition("/")[2]


Location: TypeAlias = Path | Address
"""Where a file or folder lies."""


def location(text: str) -> Location:
    """Take a text for an address if it begins with a scheme such as ``s3://``, else for a path.

    Raises:
        AddressError: it may hold a password or a signature.
    """
    if _ADDRESS.match(text) is None:
        return Path(text)
    if any(map(_holds_secret, _NEXT_IN_CHAIN.split(text))):
        raise AddressError(
            "expected an address without password or query (`:` before `@`, or `?`), which reports "
            "would repeat: keys and passwords come from the environment"
        )
    return Address(text)


def _holds_secret(part: str) -> bool:
    """Whether one address of a chain may; rather too often than not often enough."""
    scheme, _, rest = part.partition("://")
    scheme = scheme.lower()
    if scheme in _WITHOUT_SIGN_IN:
        return False
    if scheme in ("http", "https"):
        host = re.split(r"[/?#]", rest, maxsplit=1)[0]
        return "?" in rest or "@" in host or _PASSWORD.search(rest) is not None
    return (_PASSWORD.search(rest) or _QUERY.search(rest)) is not None


def opened(address: Address) -> tuple[Any, str]:
    """The file system of an address, and the place in it.

    Raises:
        AddressError: a package is missing, or the file system cannot be reached.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise AddressError(
            f"expected the extra `cloud` for addresses such as {address.scheme}://, found no "
            f"fsspec: {_INSTALL_CLOUD}"
        ) from error
    try:
        file_system, place = url_to_fs(address.url)
    except ImportError as error:
        # fsspec's own words, which name the package
        raise AddressError(f"{address.scheme}:// needs one more package: {error}") from error
    except Exception as error:
        raise unusable(address, error) from None
    return file_system, str(place)


def unusable(address: Address, error: Exception) -> AddressError:
    """An error without what the service said, which may hold keys."""
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
    return AddressError(
        f"{address}: cannot be used ({reason or type(error).__name__}); keys come from the "
        "environment"
    )


def stamp_of(place: Location) -> FileStamp:
    """What a changed file is recognised by.

    Raises:
        AddressError: a package is missing.
    """
    if isinstance(place, Path):
        return FileStamp.of(place)
    if place.stamp is not None:
        return place.stamp
    return _asked(place)


def newest_stamp(address: Address) -> FileStamp:
    """The stamp of a file as it is now, whatever was listed before; empty where none can be had.

    Raises:
        AddressError: a package is missing.
    """
    opened(address)[0].invalidate_cache()
    return _asked(address)


def _asked(address: Address) -> FileStamp:
    file_system, path = opened(address)
    try:
        return stamp_from(file_system.info(path))
    except Exception:
        # its reading tells why
        return FileStamp()


def stamp_from(info: Mapping[str, Any]) -> FileStamp:
    """The stamp of a file from what its file system tells of it."""
    known = next((info[key] for key in _VERSIONS if info.get(key) is not None), None)
    if isinstance(known, datetime):
        # a listing may give a number where a single file gets a date
        known = known.timestamp()
    size = info.get("size")
    return FileStamp(
        size if isinstance(size, int) else None, None, None if known is None else str(known)
    )


def matching(address: Address) -> list[Address]:
    """What a pattern matches, files with their stamps; the address itself if it is no pattern.

    Raises:
        AddressError: a package is missing, or the file system refuses.
    """
    if not glob.has_magic(address.inner):
        return [address]
    file_system, path = opened(address)
    try:
        matches = {} if file_system.exists(path) else file_system.glob(path, detail=True)
    except Exception as error:
        raise unusable(address, error) from None
    found = [_listed(address, "", name, matches[name]) for name in sorted(matches, key=_parts)]
    return found or [address]


def list_files(address: Address) -> list[Address] | None:
    """All files below a folder with their stamps, sorted by name.

    Returns:
        None where the address is a single file, or nothing is there.

    Raises:
        AddressError: a package is missing, or the file system refuses.
    """
    file_system, path = opened(address)
    try:
        if file_system.isfile(path):
            return None
        listed = file_system.find(path, detail=True)
        root = str(file_system._strip_protocol(path))
        if not listed and not file_system.isdir(path):
            return None
    except FileNotFoundError:
        return None
    except Exception as error:
        raise unusable(address, error) from None
    # by folder, as the names of a path's files are
    return [_listed(address, root, name, listed[name]) for name in sorted(listed, key=_parts)]


def _parts(name: str) -> list[str]:
    return name.split("/")


def _listed(address: Address, root: str, name: str, info: Mapping[str, Any]) -> Address:
    """The address of a file that was listed below another, which keeps what the user wrote."""
    scheme = f"{address.inner.partition('://')[0]}://"
    if root and name.startswith(root):
        before = address.inner.rstrip("/") if address.inner != scheme else scheme
        inner = before + name[len(root) :]
    elif "://" in name:
        inner = name
    else:
        inner = scheme + name
    stamp = stamp_from(info) if info.get("type") == "file" else None
    return Address(inner + address.url[len(address.inner) :], stamp)


def read_whole(place: Location) -> bytes:
    """Read a file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read.
        AddressError: it cannot be read.
    """
    if isinstance(place, Path):
        return place.read_bytes()
    file_system, path = opened(place)
    try:
        return bytes(file_system.cat_file(path))
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place)) from None
    except Exception as error:
        raise unusable(place, error) from None


def exists(place: Location) -> bool:
    """Whether there is such a file.

    Raises:
        OSError: that cannot be told.
        AddressError: that cannot be told.
    """
    if isinstance(place, Path):
        return place.exists()
    file_system, path = opened(place)
    try:
        # another process may have written it since its folder was listed
        file_system.invalidate_cache()
        return bool(file_system.exists(path))
    except Exception as error:
        raise unusable(place, error) from None


def write_whole(place: Location, data: bytes) -> None:
    """Write a file, never a part of it: services show an object once it is complete.

    Raises:
        OSError: it cannot be written.
        AddressError: it cannot be written.
    """
    if isinstance(place, Path):
        write_atomic(place, data)
        return
    file_system, path = opened(place)
    try:
        if file_system.protocol in ("file", ("file", "local")):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(Path(path), data)
        else:
            file_system.pipe_file(path, data)
    except Exception as error:
        raise unusable(place, error) from None


@contextmanager
def open_whole(place: Location) -> Iterator[BinaryIO]:
    """As `write_whole`, for content that is written piece by piece.

    An address is written at the end, from a temporary file; that it can be is tried at once.
    """
    if isinstance(place, Path):
        with open_atomic(place) as file:
            yield file
        return
    trial = replace(place, url=place.url + PARTIAL)
    write_whole(trial, b"")
    file_system, path = opened(place)
    try:
        with tempfile.NamedTemporaryFile(prefix="maskdet-report-") as file:
            yield file.file  # type: ignore[misc]
            file.flush()
            try:
                file_system.put_file(file.name, path)
            except Exception as error:
                raise unusable(place, error) from None
    finally:
        remove([trial])


def names_in(folder: Location) -> list[str]:
    """Names of the files in a folder, without those in folders inside; none if there is no folder.

    Raises:
        OSError: it cannot be listed.
        AddressError: it cannot be listed.
    """
    if isinstance(folder, Path):
        return [path.name for path in folder.iterdir()] if folder.is_dir() else []
    file_system, path = opened(folder)
    try:
        # another process may have written there since it was last listed
        file_system.invalidate_cache()
        listed = file_system.ls(path, detail=False)
    except FileNotFoundError:
        return []
    except Exception as error:
        raise unusable(folder, error) from None
    return [str(name).rstrip("/").rpartition("/")[2] for name in listed]


def remove(files: Iterable[Location]) -> None:
    """Remove files as far as that is possible."""
    for file in files:
        # rights to write need not be rights to remove
        with suppress(OSError, AddressError):
            if isinstance(file, Path):
                file.unlink()
                continue
            file_system, path = opened(file)
            try:
                file_system.rm_file(path)
            except Exception as error:
                raise unusable(file, error) from None
