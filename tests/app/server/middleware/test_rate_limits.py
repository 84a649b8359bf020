import pytest

from maskdet_app.ops.process import shutdown
from maskdet_app.server.middleware import rate_limits
from maskdet_app.server.middleware.rate_limits import Limits, RateLimits
from tests.app.server.asgi_client import request, respond_with


def test_uploads_are_limited_by_client_address() -> None:
    app = RateLimits(respond_with(), Limits(uploads=(2, 0.01)))
    path = "/_stcore/upload_file/session/file"
    assert [request(app, path, method="PUT").status for _ in range(3)] == [200, 200, 429]
    refused = request(app, path, method="PUT")
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    # The same IPv4 address in IPv6 form is the same visitor.
    assert request(app, path, method="PUT", client="::ffff:203.0.113.5").status == 429
    assert request(app, path, method="PUT", client="203.0.113.6").status == 200
    assert request(app, "/photo").status == 200


def test_visits_are_limited_by_client_address() -> None:
    app = RateLimits(respond_with(), Limits(visits=(1, 0.01)))
    responses = [request(app, "/_stcore/stream", scope_type="websocket") for _ in range(2)]
    assert [r.first_type for r in responses] == ["websocket.accept", "websocket.close"]


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("203.0.113.5", 404),
        (None, 404),
        ("127.0.0.1", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
    ],
)
def test_internal_endpoints_are_for_this_machine_only(client: str | None, status: int) -> None:
    app = RateLimits(respond_with())
    assert request(app, "/_stcore/metrics", client=client).status == status


def test_health_check_fails_while_draining(monkeypatch: pytest.MonkeyPatch) -> None:
    app = RateLimits(respond_with())
    assert request(app, rate_limits.HEALTH).status == 200
    monkeypatch.setattr(shutdown, "is_draining", lambda: True)
    assert request(app, rate_limits.HEALTH).status == 503
    assert request(app, "/").status == 200
