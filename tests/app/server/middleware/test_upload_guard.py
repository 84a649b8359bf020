import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from maskdet_app.ops.limits.upload_quota import Bound, UploadLimits, UploadQuota
from maskdet_app.server.middleware.upload_guard import UploadGuard
from maskdet_app.ui.texts.i18n import t
from tests.app.server.asgi_client import Response, request, respond_with

MB = 1_000_000
PATH = "/_stcore/upload_file/session/file"


def store(n_read: list[int]) -> ASGIApp:
    """An app that reads the body and accepts it, as Streamlit does."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            n_read.append(len(message["body"]))
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    return app


def upload(app: ASGIApp, n_chunks: int, *, announced: bool = False, path: str = PATH) -> Response:
    headers = {"content-length": str(n_chunks * MB)} if announced else {}
    return request(app, path, method="PUT", headers=headers, body=[bytes(MB)] * n_chunks)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize(
    ("limits", "bound", "status"),
    [
        (UploadLimits(3 * MB, 9 * MB, 9 * MB), "visit", 413),
        (UploadLimits(9 * MB, 3 * MB, 9 * MB), "address", 413),
        (UploadLimits(9 * MB, 9 * MB, 3 * MB), "server", 503),
    ],
)
def test_quota_answers_with_words(
    limits: UploadLimits, bound: Bound, status: int, announced: bool
) -> None:
    n_read: list[int] = []
    quota = UploadQuota(limits)
    app = UploadGuard(store(n_read), quota)
    response = upload(app, 5, announced=announced)
    assert response.status == status
    assert response.body.decode() == t(f"photo.quota_{bound}", mb=3)
    assert ("retry-after" in response.headers) == (status == 503)
    assert sum(n_read) <= 3 * MB
    assert quota.used("server") == 0


def test_accepted_upload_counts_and_a_failed_one_does_not() -> None:
    quota = UploadQuota(UploadLimits(9 * MB, 9 * MB, 9 * MB))
    quota.stored = lambda: {("session", "file"): 2 * MB}
    upload(UploadGuard(store([]), quota), 2)
    assert quota.used("visit", "session") == quota.used("address", "203.0.113.5") == 2 * MB
    upload(UploadGuard(respond_with(status=403), quota), 2, path=PATH + "2")
    assert quota.used("server") == 2 * MB


def test_addresses_of_one_ipv6_network_share_a_quota() -> None:
    quota = UploadQuota(UploadLimits(9 * MB, 3 * MB, 9 * MB))
    quota.stored = lambda: {(f"s{n}", "file"): 2 * MB for n in range(2)}
    statuses = [
        request(
            UploadGuard(store([]), quota),
            f"/_stcore/upload_file/s{n}/file",
            method="PUT",
            client=f"2001:db8::{n}",
            body=[bytes(MB)] * 2,
        ).status
        for n in range(2)
    ]
    assert statuses == [204, 413]


def test_other_requests_are_not_counted() -> None:
    quota = UploadQuota(UploadLimits(1, 1, 1))
    app = UploadGuard(respond_with(), quota)
    assert request(app, PATH, method="DELETE").status == 200
    assert request(app, "/photo", method="PUT", body=[bytes(9)]).status == 200
