"""The websocket by which a page in the browser talks to Streamlit's server."""

from collections.abc import Mapping
from typing import Final

import websockets

_MAX_MESSAGE: Final = 2**26


async def open_websocket(
    port: int, *, base_path: str = "", headers: Mapping[str, str] | None = None
) -> websockets.ClientConnection:
    """Connect to a server of this machine as its page does.

    Args:
        port: the server's, at 127.0.0.1.
        base_path: path at which the app is served, such as ``/mask``.
        headers: further headers of the request.
    """
    address = f"127.0.0.1:{port}"
    return await websockets.connect(
        f"ws://{address}{base_path}/_stcore/stream",
        subprotocols=[websockets.Subprotocol("streamlit")],
        max_size=_MAX_MESSAGE,
        origin=websockets.Origin(f"http://{address}"),
        additional_headers=dict(headers or {}),
    )
