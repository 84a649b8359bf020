"""Where TURN servers come from: fixed ones, a shared secret, or a provider that is asked.

A TURN server passes the live video on where browser and server have no straight way to each other.
Nobody may use one without credentials, and those that a browser is given can be read by its user:
all but fixed ones are made for one visit and end by themselves.
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

LIFE_S: Final = 4 * 3600
"""How long credentials are asked to last: a long visit, and not a day more."""
TIMEOUT_S: Final = 4.0
"""A visitor waits for the answer, and a page without a relay is better than none."""
_MAX_ANSWER_BYTES: Final = 100_000
CLOUDFLARE: Final = (
    "https://rtc.live.cloudflare.com/v1/turn/keys/{key_id}/credentials/generate-ice-servers"
)
"""https://developers.cloudflare.com/realtime/turn/generate-credentials/"""
TWILIO: Final = "https://api.twilio.com/2010-04-01/Accounts/{account}/Tokens.json"
"""https://www.twilio.com/docs/stun-turn/api"""


class TurnError(Exception):
    """No servers could be had; the text says why and names no secret."""


@dataclass(frozen=True, slots=True)
class IceServers:
    """RTCIceServer objects, and until when they can be used.

    Attributes:
        servers: as browsers take them: ``urls``, ``username``, ``credential``.
        expires_at: Unix time in seconds; infinite for what does not end.
    """

    servers: tuple[IceServer, ...]
    expires_at: float = float("inf")


class Provider(Protocol):
    """Something that hands out servers."""

    def servers(self) -> IceServers:
        """Servers for one visit.

        Raises:
            TurnError: none could be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Servers as they were set, the same for everybody."""

    given: Sequence[IceServer]

    def servers(self) -> IceServers:
        """The servers."""
        return IceServers(tuple(self.given))


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A coturn with ``use-auth-secret``, whose secret this server knows and no visitor.

    The password is the base64 of HMAC-SHA1(secret, user name), and the user name begins with the
    time at which it ends (draft-uberti-behave-turn-rest-00, which coturn implements). The rest of
    the user name is random: coturn's ``user-quota`` counts by it, and must count each visit alone.
    """

    urls: Sequence[str]
    secret: str = field(repr=False)
    life_s: int = LIFE_S
    clock: Callable[[], float] = time.time

    def servers(self) -> IceServers:
        """Servers with credentials that end by themselves."""
        expires_at = int(self.clock()) + self.life_s
        user = f"{expires_at}:{secrets.token_hex(8)}"
        digest = hmac.new(self.secret.encode(), user.encode(), hashlib.sha1).digest()
        password = base64.b64encode(digest).decode()
        server = {"urls": list(self.urls), "username": user, "credential": password}
        return IceServers((server,), float(expires_at))


@dataclass(frozen=True, slots=True)
class Cloudflare:
    """Cloudflare's TURN service."""

    key_id: str
    token: str = field(repr=False)
    life_s: int = LIFE_S
    url: str = CLOUDFLARE

    def servers(self) -> IceServers:
        """Ask for credentials."""
        return _asked(
            "iceServers",
            self.life_s,
            self.url.format(key_id=self.key_id),
            json.dumps({"ttl": self.life_s}).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )


@dataclass(frozen=True, slots=True)
class Twilio:
    """Twilio's Network Traversal Service."""

    account: str
    token: str = field(repr=False)
    life_s: int = LIFE_S
    url: str = TWILIO

    def servers(self) -> IceServers:
        """Ask for credentials."""
        login = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        return _asked(
            "ice_servers",
            self.life_s,
            self.url.format(account=self.account),
            f"Ttl={self.life_s}".encode(),
            {
                "Authorization": f"Basic {login}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )


def checked(found: object) -> tuple[IceServer, ...]:
    """RTCIceServer objects of foreign origin, with nothing but what browsers take of them.

    Raises:
        TurnError: not a list of objects with ``urls``.
    """
    if isinstance(found, Mapping):
        # Cloudflare once answered with a single object
        found = [found]
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise TurnError(f"expected a list of servers, got {type(found).__name__}")
    servers = []
    for one in found:
        if not isinstance(one, Mapping) or not one.get("urls"):
            raise TurnError("expected servers that each have urls")
        servers.append({k: one[k] for k in ("urls", "username", "credential") if one.get(k)})
    return tuple(servers)


def _asked(
    field_name: str, life_s: int, url: str, body: bytes, headers: Mapping[str, str]
) -> IceServers:
    # from before the call: they end no later than that
    expires_at = time.time() + life_s
    return IceServers(checked(_post(url, body, headers).get(field_name)), expires_at)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            answer = json.loads(reply.read(_MAX_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        error.close()
        raise TurnError(f"the provider refused: HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        raise TurnError(f"the provider could not be asked: {type(error).__name__}") from None
    if not isinstance(answer, dict):
        raise TurnError(f"expected an object from the provider, got {type(answer).__name__}")
    return answer
