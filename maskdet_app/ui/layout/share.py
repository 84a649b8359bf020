"""The share panel: a link and a QR code that open the current page with its settings."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st

from maskdet_app.ops.settings import server_address
from maskdet_app.ops.settings.embedding import others_may_embed
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.browser.page_url import is_local
from maskdet_app.ui.texts.i18n import t

_QR_PX: Final = 220
_QUIET_ZONE_MODULES: Final = 4
"""The margin that ISO/IEC 18004 asks for."""


def link(url: str, query: Mapping[str, list[str]], **extra: str) -> str:
    """The URL of a page with query parameters.

    Args:
        url: of the page; its own query and fragment are dropped.
        query: values of each query parameter.
        **extra: further query parameters.
    """
    scheme, host, path, _, _ = urlsplit(url)
    pairs = [*((name, value) for name, values in query.items() for value in values), *extra.items()]
    return urlunsplit((scheme, host, path, urlencode(pairs), ""))


def frame_html(url: str) -> str:
    """HTML that embeds the live video in another web page."""
    escaped = url.replace("&", "&amp;").replace('"', "%22")
    return f'<iframe src="{escaped}" allow="camera" width="640" height="480"></iframe>'


def network_url(url: str) -> str | None:
    """A local page's URL with this machine's network address instead of its own name.

    Args:
        url: of the page as the visitor opened it.

    Returns:
        None where the URL is not local, or where other devices do not reach the server by it: it
        listens on this machine alone, or the port belongs to something before the server, such
        as a container's published port.
    """
    parts = urlsplit(url)
    if not is_local(url) or parts.port != server_address.port():
        return None
    host = server_address.network_host()
    if host is None:
        return None
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{shown}:{parts.port}", parts.path, "", ""))


@lru_cache(maxsize=64)
def qr_svg(text: str) -> str:
    """A QR code as SVG, dark on light in both themes: some readers need that."""
    svg: str = segno.make(text, error="m").svg_inline(
        border=_QUIET_ZONE_MODULES, dark="#000", light="#fff"
    )
    return svg


def button() -> None:
    """Draw the button that opens the share panel."""
    url = st.context.url
    if url is None:
        return
    with st.popover(t("share.button"), icon=":material/share:"):
        query = {name: st.query_params.get_all(name) for name in st.query_params}
        # The recipient starts the camera.
        query.pop(query_params.RUN, None)
        query.pop(query_params.CAMERA, None)
        # The sender's photos are the sender's alone.
        query.pop(query_params.OPEN_PHOTO, None)
        shared_url = network_url(url) or url
        page_link = link(shared_url, query)
        st.markdown(t("share.intro"))
        st.code(page_link, language=None, wrap_lines=True)
        if is_local(shared_url):
            # No code: on the device that reads it, localhost is that device.
            st.caption(t("share.local"))
        else:
            st.image(qr_svg(page_link), alt=t("share.qr"), width=_QR_PX)
            if shared_url != url:
                st.caption(t("share.network"))
        if urlsplit(url).path.strip("/") in ("", "live"):
            st.markdown(t("share.frame"))
            embedded_link = link(shared_url, query, embed="true")
            st.code(frame_html(embedded_link), language="html", wrap_lines=True)
            if not others_may_embed():
                st.caption(t("share.frame_setting"))
