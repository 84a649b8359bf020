"""Servers that help browser and server find a way to each other for the live video."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from maskdet_app.live import turn
from maskdet_app.live.turn import IceServers, TurnError
from maskdet_app.ops.settings import setting
from maskdet_app.ui.page_url import is_local

PROVIDER: Final = "MASKDET_TURN"
"""Which of `PROVIDERS`. Without it: `SERVERS`, and without these a public STUN server."""
SERVERS: Final = "MASKDET_ICE_SERVERS"
"""A JSON list of RTCIceServer objects, for ``static``."""
POLICY: Final = "MASKDET_ICE_POLICY"
"""``all`` ways, or ``relay``: browsers go by way of the TURN server only."""
POLICIES: Final = ("all", "relay")
PUBLIC_STUN: Final[IceServers] = IceServers(({"urls": "stun:stun.l.google.com:19302"},))
"""Asked only away from localhost: behind address translation neither side knows the address by
which the other can reach it, and a STUN server tells it. It relays nothing."""
_LOG: Final = logging.getLogger(__name__)
_KEPT: Final = "ice_servers"
_SPARE_S: Final = 600.0
"""Credentials that end sooner are not used for a new stream."""


def rtc_configuration(url: str | None, *, in_use: bool) -> dict[str, Any]:
    """This visit's RTCConfiguration: ``iceServers`` and ``iceTransportPolicy``.

    Args:
        url: under which the page was opened.
        in_use: whether a stream was started with what was given before, which stays, then: new
            values would start it anew.

    Raises:
        ValueError: a setting cannot be used.
        TurnError: the provider gave no servers; it is asked again the next time.
    """
    policy = setting(POLICY) or POLICIES[0]
    if policy not in POLICIES:
        raise ValueError(f"{POLICY}: expected one of {', '.join(POLICIES)}, got {policy!r}")
    kept: IceServers | None = st.session_state.get(_KEPT)
    if kept is None and in_use:
        # begun without the provider: asking it again would hold up each drawing of the page
        return without_relay(url)
    if kept is None or not (in_use or kept.expires_at - time.time() > _SPARE_S):
        # Each visit its own, from the provider itself: nothing is kept for others.
        try:
            kept = ice_servers(url)
        except TurnError as error:
            _LOG.warning("no TURN servers: %s", error)
            raise
        st.session_state[_KEPT] = kept
    return {"iceServers": list(kept.servers), "iceTransportPolicy": policy}


def without_relay(url: str | None) -> dict[str, Any]:
    """What is tried where the provider failed."""
    return {"iceServers": [] if is_local(url) else list(PUBLIC_STUN.servers)}


def ice_servers(url: str | None) -> IceServers:
    """Fresh servers for a page opened at ``url``, as the settings say.

    Raises:
        ValueError: a setting is missing or cannot be used.
        TurnError: the provider gave none.
    """
    name = setting(PROVIDER)
    if name is None:
        if setting(SERVERS) is None:
            return IceServers(()) if is_local(url) else PUBLIC_STUN
        name = "static"
    if name not in PROVIDERS:
        raise ValueError(f"{PROVIDER}: expected one of {', '.join(PROVIDERS)}, got {name!r}")
    return PROVIDERS[name]().servers()


def _static() -> turn.Provider:
    said = setting(SERVERS)
    try:
        return turn.Fixed(turn.checked(json.loads(said) if isinstance(said, str) else said))
    except (ValueError, TurnError) as error:
        raise ValueError(f"{SERVERS}: {error}") from None


def _shared_secret() -> turn.Provider:
    urls = _needed("MASKDET_TURN_URLS")
    listed = urls.split(",") if isinstance(urls, str) else list(urls)
    return turn.SharedSecret(
        [str(url).strip() for url in listed], str(_needed("MASKDET_TURN_SECRET"))
    )


def _cloudflare() -> turn.Provider:
    return turn.Cloudflare(
        str(_needed("MASKDET_CLOUDFLARE_KEY_ID")), str(_needed("MASKDET_CLOUDFLARE_TOKEN"))
    )


def _twilio() -> turn.Provider:
    return turn.Twilio(str(_needed("MASKDET_TWILIO_ACCOUNT")), str(_needed("MASKDET_TWILIO_TOKEN")))


def _none() -> turn.Provider:
    return turn.Fixed(())


PROVIDERS: Final[dict[str, Callable[[], turn.Provider]]] = {
    "static": _static,
    "coturn": _shared_secret,
    "cloudflare": _cloudflare,
    "twilio": _twilio,
    "none": _none,
}


def _needed(name: str) -> Any:
    value = setting(name)
    if not value:
        raise ValueError(f"{name} is not set, which {PROVIDER}={setting(PROVIDER)} needs")
    return value
