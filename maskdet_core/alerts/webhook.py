"""Send alerts to a webhook, signed as the Standard Webhooks specification says.

https://www.standardwebhooks.com: HMAC-SHA256 over id, time and body, so that a receiver knows who
sent it, and that it is neither changed nor an old one sent again. Libraries for receivers exist.
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final

from maskdet_core.alerts.addresses import shown_address, validate_webhook_url
from maskdet_core.alerts.delivery import (
    DRAIN_S,
    Attempt,
    Delivery,
    DeliveryCounts,
    DeliveryLimits,
    Outcome,
)
from maskdet_core.alerts.message import AlertMessage
from maskdet_core.errors import AlertError
from maskdet_core.version import __version__

TIMEOUT_S: Final = 10.0
"""For each step of a request: a receiver that takes longer is not there."""
MIN_SECRET_BYTES: Final = 24
"""Least length of a secret, by the specification."""
_BASE64_PREFIX: Final = "whsec_"
_RETRIED: Final = frozenset({408, 409, 425, 429})
"""Refusals that pass by themselves; so do those from 500 on."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows none: an alert goes where the operator said, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Webhook:
    """Sends alerts by POST to one address, on a thread of its own."""

    def __init__(
        self,
        url: str,
        *,
        secret: str | None = None,
        allow_plain: bool = False,
        timeout_s: float = TIMEOUT_S,
        limits: DeliveryLimits | None = None,
        notify: Callable[[str], None] = lambda message: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Validate address and secret, and start the thread.

        Args:
            url: see `validate_webhook_url`.
            secret: signs; ``whsec_`` and base64, or any text of 24 bytes or more. None sends
                unsigned.
            allow_plain: see `validate_webhook_url`.
            timeout_s: for each step of a request.
            limits: None takes the defaults.
            notify: is told of failures, from the thread; without secrets.
            clock: wall clock for signatures, seconds since 1970.

        Raises:
            AlertError: the address or the secret cannot be used.
        """
        self._url = validate_webhook_url(url, allow_plain=allow_plain)
        self._key = None if secret is None else secret_key(secret)
        self._timeout_s, self._clock = timeout_s, clock
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._delivery: Delivery[AlertMessage] = Delivery(
            self._attempt, limits, name=shown_address(url), notify=notify
        )

    @property
    def counts(self) -> DeliveryCounts:
        """What has become of the alerts so far."""
        return self._delivery.counts

    def send(self, message: AlertMessage) -> None:
        """Queue an alert. Never waits."""
        self._delivery.put(message)

    def close(self, drain_s: float = DRAIN_S) -> DeliveryCounts:
        """Send what waits, for a while, and end.

        Args:
            drain_s: time for it.
        """
        return self._delivery.close(drain_s)

    def _attempt(self, message: AlertMessage) -> Attempt:
        body = json.dumps(message.to_json(), allow_nan=False).encode("utf-8")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"maskdet/{__version__}",
            **signed_headers(message.id, round(self._clock()), body, self._key),
        }
        request = urllib.request.Request(self._url, body, headers, method="POST")
        try:
            self._opener.open(request, timeout=self._timeout_s).close()
        except urllib.error.HTTPError as error:
            error.close()
            is_passing = error.code in _RETRIED or error.code >= 500
            outcome = Outcome.RETRY if is_passing else Outcome.REFUSED
            return Attempt(
                outcome, f"status {error.code}", _retry_after_s(error.headers["Retry-After"])
            )
        except urllib.error.URLError as error:
            return Attempt(Outcome.RETRY, _reason(error.reason))
        except (OSError, http.client.HTTPException) as error:
            return Attempt(Outcome.RETRY, _reason(error))
        return Attempt(Outcome.DONE)


def secret_key(secret: str) -> bytes:
    """The key that a secret stands for.

    Raises:
        AlertError: too short, or no base64 after ``whsec_``.
    """
    if secret.startswith(_BASE64_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_BASE64_PREFIX), validate=True)
        except binascii.Error as error:
            raise AlertError("expected base64 after whsec_ in the webhook's secret") from error
    else:
        key = secret.encode("utf-8")
    if len(key) < MIN_SECRET_BYTES:
        raise AlertError(
            f"expected a webhook's secret of at least {MIN_SECRET_BYTES} bytes, got {len(key)}"
        )
    return key


def signed_headers(
    message_id: str, timestamp_s: int, body: bytes, key: bytes | None
) -> Mapping[str, str]:
    """The headers by which a receiver verifies a message.

    Args:
        message_id: the same for each try.
        timestamp_s: of this try, seconds since 1970.
        body: as it is sent.
        key: None for no signature.
    """
    headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp_s)}
    if key is not None:
        signed = f"{message_id}.{timestamp_s}.".encode() + body
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode("ascii")
    return headers


def _retry_after_s(text: str | None) -> float | None:
    text = text or ""
    # the other form, a date, is rare and needs the receiver's clock
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _reason(error: object) -> str:
    """Why a connection failed, without the address, which may hold a secret."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or type(error).__name__)
