"""Who may use the API: by a key, or without keys only programs on the server's own machine."""

import hashlib
import hmac
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from maskdet_app.api.problems import API_OFF, CROSS_SITE, KEY_NEEDED, TOO_MANY, ProblemError
from maskdet_app.ops.limits.address_group import address_group
from maskdet_app.ops.limits.rate_limit import RateLimiter
from maskdet_app.ops.settings.api_settings import ApiSettings
from maskdet_app.ops.settings.server_address import is_loopback

_FORWARDED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers by which a proxy shows itself: what it passes on is not of this machine."""
_OWN_SITE: Final = ("same-origin", "none")
"""Values of Sec-Fetch-Site for pages of this server, and for what no page asked for."""
_WRONG_KEYS: Final = (20, 0.2)
"""Wrong keys of one address: a burst, and a rate per second after that."""


class Access:
    """Decides whether a request is answered."""

    def __init__(self, settings: ApiSettings) -> None:
        """Take the settings, of which only digests of the keys are kept here."""
        self._keys = tuple(_digest(key) for key in settings.keys)
        self._is_public = settings.is_public
        self._wrong_keys = RateLimiter(*_WRONG_KEYS)

    def require(self, headers: Mapping[str, str], client: str) -> str | None:
        """Let a request pass.

        Args:
            headers: of the request, found by names in lower case.
            client: the client's address, which may be unknown and empty.

        Returns:
            The name under which the client's pictures are counted; None for programs on this
            machine, whose number nothing limits.

        Raises:
            ProblemError: it must not be answered.
        """
        _require_own_site(headers)
        group = address_group(client)
        if self._keys:
            return self._require_key(headers, group)
        is_local = (
            _is_loopback_address(client)
            and _is_local_host(headers.get("host", ""))
            and not any(name in headers for name in _FORWARDED)
        )
        if self._is_public or not is_local:
            raise ProblemError(
                API_OFF, "without keys, this server answers programs on its own machine only"
            )
        return None

    def _require_key(self, headers: Mapping[str, str], group: str) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        given = headers.get("x-api-key", "").strip() or bearer
        if given:
            digest = _digest(given)
            # every key is compared, so that the time tells nothing
            matches = [hmac.compare_digest(digest, key) for key in self._keys]
            if any(matches):
                return f"key {matches.index(True)}"
            wait_s = self._wrong_keys.wait_s(group)
            if wait_s:
                raise ProblemError(TOO_MANY, "too many wrong keys", wait_s=wait_s)
        raise ProblemError(
            KEY_NEEDED,
            "the key is not one of this server's" if given else "the request has no key",
            headers={"WWW-Authenticate": 'Bearer realm="maskdet"'},
        )


def _require_own_site(headers: Mapping[str, str]) -> None:
    """Refuse what a browser sends for a page of another site.

    Such a page would act in the visitor's network, and on localhost on the visitor's machine.
    """
    site = headers.get("sec-fetch-site", "none")
    origin = headers.get("origin")
    if site not in _OWN_SITE or (
        origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    ):
        raise ProblemError(CROSS_SITE, "the request comes from a page of another site")


def _is_loopback_address(client: str) -> bool:
    try:
        address = ip_address(client)
    except ValueError:
        return False
    # a dual-stack socket gives IPv4 addresses in IPv6 form
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _is_local_host(host: str) -> bool:
    """Whether a Host header names this machine.

    Another name may be a stranger's that was made to lead here (DNS rebinding).
    """
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and name not in ("0.0.0.0", "::") and is_loopback(name)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
