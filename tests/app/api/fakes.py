"""The API over a stub detector, with a decoder in this process that waits for nothing, or for good.

A picture is a real JPEG; its first bytes may name what the decoder does with it.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.routing import Router
from starlette.types import Message

from maskdet_app.api.resources import Api
from maskdet_app.api.workers import PictureWorkers
from maskdet_app.ops.limits.upload_quota import UploadLimits, UploadQuota
from maskdet_app.ops.settings.api_settings import ApiSettings
from maskdet_core import FaceBox, MaskDetector, ModelError
from maskdet_core.batch.photos.judging import JudgeOptions, JudgeTask, Row, judge
from maskdet_core.errors import TransientImageError
from maskdet_core.pictures.decode import DecodedPhoto, decode_photo
from tests.app.server import asgi_client
from tests.core.conftest import StubClassifier, StubFinder

SLEEP = b"sleep:"
"""Is decoded only once nobody waits for it any more."""
SHORT = b"short:"
"""Memory is short."""
FAIL = b"fail:"
LOCAL = "127.0.0.1:8501"
KEY = "0123456789abcdef"
JPEG = {"content-type": "image/jpeg"}
MB = 1_000_000


class StubDecoder:
    def __init__(self) -> None:
        self.n_running = self.n_most = self.n_closed = 0
        self.ended = threading.Event()
        self._lock = threading.Lock()

    def decode_photo(self, data: bytes, while_waiting: Callable[[], None]) -> DecodedPhoto:
        with self._lock:
            self.n_running += 1
            self.n_most = max(self.n_most, self.n_running)
        try:
            while data.startswith(SLEEP):
                while_waiting()
                time.sleep(0.005)
            if data.startswith(SHORT):
                raise TransientImageError("not enough memory to decode the picture")
            if data.startswith(FAIL):
                raise RuntimeError("/secret/path")
            return decode_photo(data)
        finally:
            with self._lock:
                self.n_running -= 1
            self.ended.set()

    def close(self) -> None:
        self.n_closed += 1
        self.ended.set()


class StubStation:
    """As `JudgeProcess`, in this process."""

    def __init__(self, decoder: StubDecoder, error: ModelError | None = None) -> None:
        self.decoder, self._error = decoder, error
        self.classifier = StubClassifier(0.97)
        self.detector = MaskDetector(StubFinder(FaceBox(20, 20, 80, 60, 2.0)), self.classifier)

    def load(self, *_: object) -> None:
        if self._error is not None:
            raise self._error

    def judge(
        self,
        data: bytes,
        name: str,
        task: JudgeTask,
        options: JudgeOptions,
        while_waiting: Callable[[], None],
        **model: object,
    ) -> Row:
        photo = self.decoder.decode_photo(data, while_waiting)
        return judge(self.detector, photo, name, task, options)

    def close(self) -> None:
        self.decoder.close()


class Served:
    """The API as an ASGI app."""

    def __init__(
        self,
        settings: ApiSettings | None = None,
        *,
        n_viewers: Callable[[], int] = lambda: 0,
        n_workers: int = 2,
        error: ModelError | None = None,
        server_mb: int = 100,
    ) -> None:
        self.decoder = StubDecoder()
        limits = UploadLimits(50 * MB, 80 * MB, server_mb * MB)
        self.quota = UploadQuota(limits)
        self.workers = PictureWorkers(
            n_viewers,
            n_workers=n_workers,
            station=lambda: StubStation(self.decoder, error),
        )
        self.app = Router(Api(settings or ApiSettings(), self.workers, self.quota).routes())

    def get(self, path: str, **options: Any) -> asgi_client.Response:
        return self.request(path, method="GET", **options)

    def request(self, path: str, *, is_held: bool = False, **options: Any) -> asgi_client.Response:
        """Send a request to a path; nothing is held afterwards, unless it was before."""
        settings: dict[str, Any] = {
            "method": "POST",
            "client": "127.0.0.1",
            "host": LOCAL,
            "query": "",
            **options,
        }
        answer = asgi_client.request(self.app, f"/api/v1/{path}", **settings)
        assert is_held or self.quota.used("server") == 0
        return answer

    def check(
        self, *pictures: bytes, headers: Mapping[str, str] | None = None, **options: Any
    ) -> asgi_client.Response:
        """One picture as the body, several as a form."""
        body, given = (pictures[0], JPEG) if len(pictures) == 1 else form(*pictures)
        chunks = [body[:1000], body[1000:]]
        return self.request("check", headers={**given, **(headers or {})}, body=chunks, **options)


def form(*pictures: bytes, name: str = "{}.jpg") -> tuple[bytes, dict[str, str]]:
    """The body and headers of a form with these files."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="f"; filename="{name.format(n)}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n".encode()
        + picture
        + b"\r\n"
        for n, picture in enumerate(pictures)
    ]
    return b"".join(parts) + b"--b--\r\n", {"content-type": "multipart/form-data; boundary=b"}


def json_of(answer: asgi_client.Response) -> Any:
    return json.loads(answer.body)


class GoingClient:
    """Sends a request, and goes away after some time."""

    def __init__(self, served: Served, body: bytes, headers: Mapping[str, str]) -> None:
        self._app, self._body, self._headers = served.app, body, headers
        self.sent: list[Message] = []
        self.gone = asyncio.Event()

    async def run(self) -> None:
        received: list[Message] = [{"type": "http.request", "body": self._body, "more_body": False}]

        async def receive() -> Message:
            if received:
                return received.pop()
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            self.sent.append(message)

        pairs: Sequence[tuple[bytes, bytes]] = [
            (name.encode(), value.encode())
            for name, value in {"host": LOCAL, **self._headers}.items()
        ]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/check",
            "query_string": b"",
            "headers": pairs,
            "client": ("127.0.0.1", 1),
        }
        await self._app(scope, receive, send)
