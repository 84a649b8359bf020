"""Bodies of requests, received into memory within limits and never written to a file.

Starlette's form parser would write parts above 1 MB to temporary files.
"""

import itertools
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from maskdet_app.api.problems import BUSY, MALFORMED, MEDIA, TOO_LARGE, TOO_MANY, ProblemError
from maskdet_app.ops.limits.upload_quota import QuotaReachedError, UploadQuota

MAX_PICTURES: Final = 500
"""Pictures of one form: as many as a visitor of the photo page may have."""
FORM: Final = "multipart/form-data"
_BINARY: Final = "application/octet-stream"
_WAIT_S: Final = 10.0
"""After this time there may be room again."""
# its warnings of malformed forms repeat bytes of them
logging.getLogger("python_multipart").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a request.

    Attributes:
        name: as the client calls it; untrusted, never a path of this server.
        data: content of the file.
    """

    name: str
    data: bytes


class Body:
    """Receives a request's body within a limit, counted by the server's quota of uploads.

    Attributes:
        n_bytes: received so far.
    """

    def __init__(self, headers: Headers, receive: Receive, max_bytes: int) -> None:
        """Take a request of which nothing has been received.

        Raises:
            ProblemError: the announced size is no number or exceeds the limit.
        """
        self.headers, self._receive, self._max_bytes = headers, receive, max_bytes
        self._quota: UploadQuota | None = None
        self._upload = 0
        self.n_bytes = 0
        self._is_complete = False
        length = headers.get("content-length")
        if length is not None and not (length.isascii() and length.isdecimal()):
            raise ProblemError(MALFORMED, "expected a number of bytes in Content-Length")
        self.expected = int(length or 0)

    @asynccontextmanager
    async def counted(self, quota: UploadQuota, address: str) -> AsyncIterator[None]:
        """Count the body as an upload of this address until the block ends.

        Raises:
            ProblemError: it is too large, or there is no room for it now.
        """
        if self.expected > self._max_bytes:
            raise self._too_large()
        try:
            self._upload = quota.begin(f"api {next(_NUMBERS)}", "", address, self.expected)
        except QuotaReachedError as error:
            raise _no_room(error) from None
        self._quota = quota
        try:
            yield
        finally:
            quota.end(self._upload, accepted=False)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it arrives.

        Raises:
            ProblemError: it exceeds the limit or a quota.
            ClientDisconnect: the client went away before its end.
        """
        while not self._is_complete:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk: bytes = message.get("body", b"")
            self._is_complete = not message.get("more_body", False)
            self.n_bytes += len(chunk)
            if self.n_bytes > self._max_bytes:
                raise self._too_large()
            if self._quota is not None:
                try:
                    self._quota.add(self._upload, len(chunk))
                except QuotaReachedError as error:
                    raise _no_room(error) from None
            if chunk:
                yield chunk

    async def discard(self) -> None:
        """Receive what is left without keeping it, up to the limit.

        A client that sends without waiting for permission reads the answer only after that.
        """
        if "expect" in self.headers:
            return
        most = self._max_bytes
        while most > 0 and not self._is_complete:
            message = await self._receive()
            most -= len(message.get("body", b""))
            self._is_complete = not message.get("more_body", False)

    def _too_large(self) -> ProblemError:
        return ProblemError(
            TOO_LARGE, f"expected at most {self._max_bytes / 1e6:g} MB in one request"
        )


_NUMBERS: Final = itertools.count(1)


async def one_picture(body: Body, name: str) -> Picture:
    """The body as one picture.

    Raises:
        ProblemError: it is empty or too large.
    """
    data = bytearray()
    async for chunk in body.chunks():
        data += chunk
    if not data:
        raise ProblemError(MALFORMED, "expected a picture, got an empty body")
    return Picture(name, bytes(data))


async def form_pictures(body: Body) -> list[Picture]:
    """The files of a form, in order.

    Raises:
        ProblemError: the form is malformed or too large, or holds no file or too many.
    """
    parser = _MemoryParser(body.headers, body.chunks(), max_files=MAX_PICTURES, max_fields=0)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise ProblemError(
                TOO_LARGE, f"expected at most {MAX_PICTURES} pictures in one form"
            ) from None
        if error.message.startswith("Too many fields"):
            raise ProblemError(
                MALFORMED, "expected only files in the form, got a field without a file name"
            ) from None
        raise ProblemError(MALFORMED, "expected a form by RFC 7578") from None
    return _taken(value for _, value in form.multi_items())


def media_type(headers: Mapping[str, str]) -> str:
    """The type of a body, `FORM` or that of a picture, without parameters.

    Types that a page of any site could send without asking are not among the others.

    Raises:
        ProblemError: it is another one.
    """
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    if given in (FORM, _BINARY) or given.startswith("image/"):
        return given
    raise ProblemError(
        MEDIA,
        f"expected image/…, {_BINARY} or {FORM}, got " + ("another type" if given else "no type"),
    )


class _MemoryParser(MultiPartParser):
    spool_max_size = 0
    """No size at which a part would move to a file; the body's limit bounds all of them."""


def _taken(files: Iterable[UploadFile | str]) -> list[Picture]:
    pictures = []
    for file in files:
        if isinstance(file, UploadFile):
            pictures.append(Picture(file.filename or "", file.file.read()))
            # frees this copy before the next part is copied
            file.file.close()
    if not pictures:
        raise ProblemError(MALFORMED, "expected one file or more in the form, got none")
    return pictures


def _no_room(error: QuotaReachedError) -> ProblemError:
    match error.bound:
        case "visit":
            return ProblemError(TOO_LARGE, "expected fewer bytes in one request")
        case "address":
            return ProblemError(
                TOO_MANY, "other requests of this client take the room for it", wait_s=_WAIT_S
            )
        case "server":
            return ProblemError(BUSY, "the server holds as much as it can", wait_s=_WAIT_S)
