from maskdet_app.server.middleware.rate_limits import RateLimits
from maskdet_app.server.middleware.security_headers import SecurityHeaders
from tests.app.server.asgi_client import request, respond_with


def test_security_headers() -> None:
    response = request(SecurityHeaders(respond_with(), "'self' https://a.example"))
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert policy.endswith("frame-ancestors 'self' https://a.example")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "camera=(self)" in response.headers["permissions-policy"]
    assert response.headers["referrer-policy"] == "same-origin"


def test_header_of_the_app_is_kept() -> None:
    app = SecurityHeaders(respond_with(**{"referrer-policy": "no-referrer"}), "'self'")
    assert request(app).headers["referrer-policy"] == "no-referrer"


def test_websockets_pass_through() -> None:
    app = SecurityHeaders(RateLimits(respond_with()), "'self'")
    response = request(app, "/_stcore/stream", scope_type="websocket")
    assert response.first_type == "websocket.accept"
