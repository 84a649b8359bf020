"""Which ICE (STUN and TURN) servers a session uses to connect browser and server for live video."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from maskdet_app.live.webrtc import turn
from maskdet_app.live.webrtc.turn import IceServers, TurnError
from maskdet_app.ops.settings.lookup import setting
from maskdet_app.ui.browser.page_url import is_local

PROVIDER: Final = "MASKDET_TURN"
"""One of `PROVIDERS`. Without it: `SERVERS`, and without these a public STUN server."""
SERVERS: Final = "MASKDET_ICE_SERVERS"
"""A JSON list of RTCIceServer objects, for ``static``."""
POLICY: Final = "MASKDET_ICE_POLICY"
"""RTCIceTransportPolicy: ``all``, or ``relay`` for browsers to connect by the TURN server only."""
POLICIES: Final = ("all", "relay")
PROVIDER_SETTINGS: Final = (
    *("MASKDET_TURN_URLS", "MASKDET_TURN_SECRET"),
    *("MASKDET_CLOUDFLARE_KEY_ID", "MASKDET_CLOUDFLARE_TOKEN"),
    *("MASKDET_TWILIO_ACCOUNT", "MASKDET_TWILIO_TOKEN"),
)
"""What single providers need."""
PUBLIC_STUN: Final[IceServers] = IceServers(({"urls": "stun:stun.l.google.com:19302"},))
"""Used only away from localhost: behind address translation (NAT) a peer learns from it the address
under which the other can reach it. It relays nothing."""
_LOG: Final = logging.getLogger(__name__)
_SESSION_SERVERS: Final = "ice_servers"
_MIN_VALID_S: Final = 600.0
"""Credentials that expire sooner are not used for a new stream."""


def rtc_configuration(url: str | None, *, in_use: bool) -> dict[str, Any]:
    """This session's RTCConfiguration: ``iceServers`` and ``iceTransportPolicy``.

    Args:
        url: under which the page was opened.
        in_use: whether a stream runs with the configuration of an earlier call. It is then kept,
            since another one would restart the stream.

    Raises:
        ValueError: a setting is invalid.
        TurnError: the provider returned no servers; the next call asks it again.
    """
    policy = _policy()
    kept: IceServers | None = st.session_state.get(_SESSION_SERVERS)
    if kept is None and in_use:
        # started without the provider: asking it again would delay each run of the page
        return without_relay(url)
    if kept is None or not (in_use or kept.expires_at - time.time() > _MIN_VALID_S):
        # not cached over sessions: each gets credentials of its own
        try:
            kept = ice_servers(url)
        except TurnError as error:
            _LOG.warning("no TURN servers: %s", error)
            raise
        st.session_state[_SESSION_SERVERS] = kept
    return {"iceServers": list(kept.servers), "iceTransportPolicy": policy}


def without_relay(url: str | None) -> dict[str, Any]:
    """The RTCConfiguration to try where the provider failed: STUN at most."""
    return {"iceServers": [] if is_local(url) else list(PUBLIC_STUN.servers)}


def ice_servers(url: str | None) -> IceServers:
    """New servers by the settings, for a page opened at ``url``.

    Raises:
        ValueError: a setting is missing or invalid.
        TurnError: the provider returned none.
    """
    name = setting(PROVIDER)
    if name is None:
        if setting(SERVERS) is None:
            return IceServers(()) if is_local(url) else PUBLIC_STUN
        name = "static"
    if name not in PROVIDERS:
        raise ValueError(f"{PROVIDER}: expected one of {', '.join(PROVIDERS)}, got {name!r}")
    return PROVIDERS[name]().servers()


def validate_settings() -> None:
    """Validate the settings without asking a provider.

    Raises:
        ValueError: a setting is missing or invalid.
    """
    _policy()
    name = setting(PROVIDER) or ("static" if setting(SERVERS) is not None else "none")
    if name not in PROVIDERS:
        raise ValueError(f"{PROVIDER}: expected one of {', '.join(PROVIDERS)}, got {name!r}")
    PROVIDERS[name]()


def _policy() -> str:
    policy = setting(POLICY) or POLICIES[0]
    if policy not in POLICIES:
        raise ValueError(f"{POLICY}: expected one of {', '.join(POLICIES)}, got {policy!r}")
    return str(policy)


def _static() -> turn.Provider:
    value = setting(SERVERS)
    try:
        servers = json.loads(value) if isinstance(value, str) else value
        return turn.FixedServers(turn.validate_servers(servers))
    except (ValueError, TurnError) as error:
        raise ValueError(f"{SERVERS}: {error}") from None


def _shared_secret() -> turn.Provider:
    urls = _required("MASKDET_TURN_URLS")
    separate = urls.split(",") if isinstance(urls, str) else list(urls)
    return turn.SharedSecret(
        [str(url).strip() for url in separate], str(_required("MASKDET_TURN_SECRET"))
    )


def _cloudflare() -> turn.Provider:
    return turn.Cloudflare(
        str(_required("MASKDET_CLOUDFLARE_KEY_ID")), str(_required("MASKDET_CLOUDFLARE_TOKEN"))
    )


def _twilio() -> turn.Provider:
    return turn.Twilio(
        str(_required("MASKDET_TWILIO_ACCOUNT")), str(_required("MASKDET_TWILIO_TOKEN"))
    )


def _none() -> turn.Provider:
    return turn.FixedServers(())


PROVIDERS: Final[dict[str, Callable[[], turn.Provider]]] = {
    "static": _static,
    "coturn": _shared_secret,
    "cloudflare": _cloudflare,
    "twilio": _twilio,
    "none": _none,
}


def _required(name: str) -> Any:
    value = setting(name)
    if not value:
        raise ValueError(f"{name} is not set, which {PROVIDER}={setting(PROVIDER)} needs")
    return value
