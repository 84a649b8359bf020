"""The API's resources: what each answers, as Starlette routes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Send

from maskdet_app.api import answers, bodies, checking, docs_page, openapi, options
from maskdet_app.api.access import Access
from maskdet_app.api.bodies import Body
from maskdet_app.api.problems import (
    BUSY,
    NO_MODEL,
    NO_STORE,
    PICTURE,
    TOO_MANY,
    ProblemError,
)
from maskdet_app.api.routing import Resource
from maskdet_app.api.workers import PictureWorkers
from maskdet_app.ops.installation import build_info
from maskdet_app.ops.limits.address_group import address_group
from maskdet_app.ops.limits.rate_limit import RateLimiter
from maskdet_app.ops.limits.upload_quota import UploadQuota
from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.process import malloc, shutdown
from maskdet_app.ops.settings import api_settings
from maskdet_app.ops.settings.api_settings import ApiSettings
from maskdet_app.ui.detection import two_classes
from maskdet_core import MaskdetError, ModelError
from maskdet_core.batch.photos.judging import JudgeTask
from maskdet_core.masks.loading import default_model_path
from maskdet_core.masks.manifest import ModelManifest

MAX_REQUESTS: Final = 64
"""Requests with pictures at once; each holds its pictures in memory."""
_BUSY_S: Final = 5.0
_RETRY_S: Final = 2.0
_LARGE_BYTES: Final = 10_000_000
"""Bodies from this size on leave memory behind that is worth giving back."""
_DOCS_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src 'self'; frame-ancestors 'self'"
)


class Api:
    """What the resources share."""

    def __init__(self, settings: ApiSettings, workers: PictureWorkers, quota: UploadQuota) -> None:
        """Take settings, workers, and the quota that counts the bodies in memory."""
        self._settings, self._workers, self._quota = settings, workers, quota
        self._access = Access(settings)
        self._pictures = RateLimiter(api_settings.BURST, settings.per_s)
        self._n_requests = 0

    def routes(self) -> list[Route]:
        """The routes, with one for what there is not."""
        base = api_settings.base_url()
        resources = {
            "check": Resource("check", POST=self._judging(JudgeTask.CHECK, options.CHECK)),
            "classify": Resource(
                "classify", POST=self._judging(JudgeTask.CLASSIFY, options.COMMON)
            ),
            "model": Resource("model", GET=self._model),
            "health": Resource("health", GET=self._health),
            "openapi.json": Resource("openapi", GET=_openapi),
            "docs": Resource("docs", GET=_docs),
            "{rest:path}": Resource("other"),
        }
        return [
            *(Route(f"{base}/{path}", resource) for path, resource in resources.items()),
            Route(base, Resource("other")),
        ]

    def close(self) -> None:
        """Give up all work."""
        self._workers.close()

    def _require(self, request: Request) -> str | None:
        return self._access.require(request.headers, _address(request))

    async def _health(self, request: Request, send: Send) -> None:
        self._require(request)
        _require_running()
        await _send(request, send, _json({"status": "ok", "version": build_info.version()}))

    async def _model(self, request: Request, send: Send) -> None:
        self._require(request)
        await _send(request, send, _json(await asyncio.to_thread(_model_row)))

    def _judging(
        self, task: JudgeTask, known: tuple[str, ...]
    ) -> Callable[[Request, Send], Awaitable[None]]:
        async def handler(request: Request, send: Send) -> None:
            body = Body(request.headers, request.receive, self._settings.max_bytes)
            try:
                client = self._require(request)
                _require_running()
                async with self._admitted(request, body):
                    await self._judge(request, send, body, client, task, known)
            except ProblemError:
                await body.discard()
                raise

        return handler

    @asynccontextmanager
    async def _admitted(self, request: Request, body: Body) -> AsyncIterator[None]:
        """Count a request and its body for as long as it is worked on."""
        if self._n_requests >= MAX_REQUESTS:
            raise ProblemError(
                BUSY, "the server works on as many requests as it can", wait_s=_BUSY_S
            )
        self._n_requests += 1
        try:
            async with body.counted(self._quota, address_group(_address(request))):
                yield
        finally:
            self._n_requests -= 1
            if body.n_bytes >= _LARGE_BYTES:
                malloc.trim_soon()

    async def _judge(
        self,
        request: Request,
        send: Send,
        body: Body,
        client: str | None,
        task: JudgeTask,
        known: tuple[str, ...],
    ) -> None:
        kind = bodies.media_type(request.headers)
        chosen = options.options(request.query_params, known)
        name = options.name(request.query_params)
        self._take(client, 1)
        if kind == bodies.FORM:
            pictures = await bodies.form_pictures(body)
            self._take(client, len(pictures) - 1)
        else:
            pictures = [await bodies.one_picture(body, name)]
        await self._require_model()
        results = answers.while_there(
            request.receive, checking.results(self._workers, task, pictures, chosen)
        )
        async with aclosing(results):
            if kind == bodies.FORM:
                await answers.send_rows(request.headers, send, results)
                return
            result = await anext(results)
            error = result.row["error"]
            if error is not None and not result.is_final:
                raise ProblemError(BUSY, error, wait_s=_RETRY_S)
            if error is not None:
                raise ProblemError(PICTURE, error)
            await _send(request, send, _json(result.row))

    def _take(self, client: str | None, n_pictures: int) -> None:
        """Count pictures of a client.

        Raises:
            ProblemError: too many.
        """
        wait_s = self._pictures.wait_s(client, n_pictures) if client and n_pictures else 0.0
        if wait_s:
            raise ProblemError(TOO_MANY, "more pictures than one client may send", wait_s=wait_s)

    async def _require_model(self) -> None:
        try:
            await self._workers.load()
        except MaskdetError as error:
            operator_log.log_once(f"network {default_model_path()}: {error}")
            raise ProblemError(NO_MODEL, "the network cannot be loaded") from None


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _require_running() -> None:
    if shutdown.is_draining():
        raise ProblemError(BUSY, "the server is about to stop", wait_s=_BUSY_S)


def _model_row() -> dict[str, Any]:
    path = default_model_path()
    try:
        manifest = ModelManifest.load(path.with_suffix(".json"))
    except ModelError as error:
        operator_log.log_once(f"network {path}: {error}")
        raise ProblemError(NO_MODEL, "the network has no readable manifest") from None
    return {
        "name": manifest.name,
        "sha256": manifest.sha256,
        "size_bytes": manifest.size_bytes,
        "architecture": manifest.architecture,
        "quantization": manifest.quantization,
        "input_size_px": manifest.input_size_px,
        "verdicts": [*manifest.mask_classes, "not_sure"],
        "min_confidence": manifest.min_confidence,
        "two_classes": two_classes.default(),
        "version": build_info.version(),
    }


def _json(row: Mapping[str, Any]) -> Response:
    return JSONResponse(dict(row), headers=NO_STORE)


async def _send(request: Request, send: Send, response: Response) -> None:
    await response(request.scope, request.receive, send)


async def _openapi(request: Request, send: Send) -> None:
    await _send(request, send, JSONResponse(openapi.document()))


async def _docs(request: Request, send: Send) -> None:
    page = docs_page.html(openapi.document())
    await _send(
        request, send, HTMLResponse(page, headers={"Content-Security-Policy": _DOCS_POLICY})
    )
