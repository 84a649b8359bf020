"""Where TURN servers come from: settings, a shared secret, or a provider's service.

A TURN server relays the live video where browser and server cannot connect directly. Using one
takes credentials, and a visitor can read those given to their browser: all but fixed ones are made
for one session and expire.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

IceServer = dict[str, Any]

LIFETIME_S: Final = 4 * 3600
"""Requested lifetime of credentials: longer than most sessions, much shorter than a day."""
TIMEOUT_S: Final = 4.0
"""A visitor waits for the response, and a page without a relay is better than none."""
_MAX_RESPONSE_BYTES: Final = 100_000
CLOUDFLARE: Final = (
    "https://rtc.live.cloudflare.com/v1/turn/keys/{account}/credentials/generate-ice-servers"
)
"""https://developers.cloudflare.com/realtime/turn/generate-credentials/"""
TWILIO: Final = "https://api.twilio.com/2010-04-01/Accounts/{account}/Tokens.json"
"""https://www.twilio.com/docs/stun-turn/api"""


class TurnError(Exception):
    """The provider returned no servers; the message says why and contains no secret."""


@dataclass(frozen=True, slots=True)
class IceServers:
    """RTCIceServer objects and when they expire.

    Attributes:
        servers: as browsers take them: ``urls``, ``username``, ``credential``.
        expires_at: Unix time in seconds; infinite for those that do not expire.
    """

    servers: tuple[IceServer, ...]
    expires_at: float = float("inf")


class Provider(Protocol):
    """A source of servers."""

    def servers(self) -> IceServers:
        """Servers for one session.

        Raises:
            TurnError: there are none.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedServers:
    """Servers from the settings, the same for all sessions."""

    configured: Sequence[IceServer]

    def servers(self) -> IceServers:
        """The servers."""
        return IceServers(tuple(self.configured))


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A coturn with ``use-auth-secret``, whose secret this server shares and no visitor learns.

    The password is the base64 of HMAC-SHA1(secret, user name), and the user name begins with the
    Unix time at which it expires (draft-uberti-behave-turn-rest-00, which coturn implements). The
    rest of the user name is random: coturn's ``user-quota`` counts by it, and must count each
    visit alone.
    """

    urls: Sequence[str]
    secret: str = field(repr=False)
    lifetime_s: int = LIFETIME_S
    clock: Callable[[], float] = time.time

    def servers(self) -> IceServers:
        """Servers with credentials that expire."""
        expires_at = int(self.clock()) + self.lifetime_s
        user = f"{expires_at}:{secrets.token_hex(8)}"
        digest = hmac.new(self.secret.encode(), user.encode(), hashlib.sha1).digest()
        password = base64.b64encode(digest).decode()
        server = {"urls": list(self.urls), "username": user, "credential": password}
        return IceServers((server,), float(expires_at))


@dataclass(frozen=True, slots=True)
class _Service:
    """A provider's service that makes credentials on request.

    Attributes:
        account: identifies the customer, as a part of the URL.
        token: the account's secret.
        lifetime_s: requested lifetime of the credentials.
        url: of the service, with ``{account}`` in it.
    """

    account: str
    token: str = field(repr=False)
    lifetime_s: int = LIFETIME_S
    url: str = ""

    def _request(self, field_name: str, body: str, login: str, media_type: str) -> IceServers:
        headers = {"Authorization": login, "Content-Type": media_type}
        # measured from before the request: they expire no earlier
        expires_at = time.time() + self.lifetime_s
        found = _post(self.url.format(account=self.account), body.encode(), headers)
        return IceServers(validate_servers(found.get(field_name)), expires_at)


@dataclass(frozen=True, slots=True)
class Cloudflare(_Service):
    """Cloudflare's TURN service; the account is the ID of the TURN key."""

    url: str = CLOUDFLARE

    def servers(self) -> IceServers:
        """Request credentials."""
        body = json.dumps({"ttl": self.lifetime_s})
        return self._request("iceServers", body, f"Bearer {self.token}", "application/json")


@dataclass(frozen=True, slots=True)
class Twilio(_Service):
    """Twilio's Network Traversal Service."""

    url: str = TWILIO

    def servers(self) -> IceServers:
        """Request credentials."""
        pair = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        media_type = "application/x-www-form-urlencoded"
        return self._request("ice_servers", f"Ttl={self.lifetime_s}", f"Basic {pair}", media_type)


def validate_servers(found: object) -> tuple[IceServer, ...]:
    """RTCIceServer objects from outside, reduced to the keys that browsers take.

    Raises:
        TurnError: not a list of objects with ``urls``.
    """
    if isinstance(found, Mapping):
        # Cloudflare has returned a single object
        found = [found]
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise TurnError(f"expected a list of servers, got {type(found).__name__}")
    servers = []
    for server in found:
        if not isinstance(server, Mapping) or not server.get("urls"):
            raise TurnError("expected servers that each have urls")
        servers.append({k: server[k] for k in ("urls", "username", "credential") if server.get(k)})
    return tuple(servers)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            found = json.loads(response.read(_MAX_RESPONSE_BYTES))
    except urllib.error.HTTPError as error:
        error.close()
        raise TurnError(f"the provider refused: HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        raise TurnError(f"the provider could not be asked: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise TurnError(f"expected an object from the provider, got {type(found).__name__}")
    return found
