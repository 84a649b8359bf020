"""A visitor of the pages without a browser or video: Streamlit's websocket, uploads, pictures."""

import asyncio
import http.client
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Self

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from testbed.visitors.websocket import open_websocket

BOUNDARY: Final = "maskdet-testbed"
_TIMEOUT_S: Final = 60.0


class Answer:
    """Status, headers (names in lower case) and body of a response."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        """Read a response."""
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


def request(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one HTTP request to a server of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request(method, path, body, dict(headers or {}))
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Session:
    """One open page."""

    def __init__(self, port: int, *, page: str = "", base_path: str = "", **headers: str) -> None:
        """Prepare; `async with` opens the page.

        Args:
            port: the server's.
            page: such as ``photo``; the first page by default.
            base_path: such as ``/mask``.
            **headers: further headers of all requests; underscores become hyphens.
        """
        self._port, self._page, self.base_path = port, page, base_path
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._cookie = ""
        self._page_hash = ""
        self._ran = asyncio.Event()
        self.session_id = ""
        self.buttons: dict[str, str] = {}
        self.pictures: list[str] = []
        self.texts: list[str] = []

    async def __aenter__(self) -> Self:
        """Open the page and wait until it is drawn."""
        answer = await self.get("/_stcore/health")
        self._cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        self._socket = await open_websocket(
            self._port, base_path=self.base_path, headers=self._headers
        )
        self._listener = asyncio.create_task(self._listen())
        await self.rerun()
        await asyncio.wait_for(self._ran.wait(), _TIMEOUT_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the page, as a closed tab does."""
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        await self._socket.close(1001)

    @property
    def is_closed(self) -> bool:
        """Whether the server has ended the connection."""
        return self._listener.done()

    async def send_raw(self, message: bytes) -> None:
        """Send a message of any content over the websocket."""
        with suppress(websockets.ConnectionClosed):
            await self._socket.send(message)

    def vanish(self) -> None:
        """Cut the connection without a word, as a failing network or browser does."""
        self._socket.transport.abort()

    async def rerun(self, clicked: str = "") -> None:
        """Run the page again, with a click on the button of this id."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page_hash
        if not self._page_hash:
            message.rerun_script.page_name = self._page
        if clicked:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id = clicked
            widget.trigger_value = True
        await self._socket.send(message.SerializeToString())

    async def click(self, label: str) -> None:
        """Press the button with this label."""
        await self.rerun(self.buttons[label])

    async def get(self, path: str) -> Answer:
        """Request a path below the base path."""
        return await self._request("GET", path)

    async def delete(self, file_id: str) -> Answer:
        """Remove an uploaded file, as the page's uploader does."""
        path = f"/_stcore/upload_file/{self.session_id}/{file_id}"
        return await self._request("DELETE", path, self.upload_headers())

    async def _request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        def send() -> Answer:
            named = {**self._headers, **(headers or {})}
            return request(self._port, method, self.base_path + path, headers=named)

        return await asyncio.to_thread(send)

    async def upload(self, data: bytes, file_id: str = "") -> Answer:
        """Upload a file, as the page's uploader does."""
        return await asyncio.to_thread(self._upload, data, file_id or str(uuid.uuid4()))

    def _upload(self, data: bytes, file_id: str) -> Answer:
        path = f"{self.base_path}/_stcore/upload_file/{self.session_id}/{file_id}"
        return request(self._port, "PUT", path, form(data), self._headers | self.upload_headers())

    def upload_headers(self) -> dict[str, str]:
        """Headers that Streamlit requires of an upload."""
        return {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Cookie": self._cookie,
            "X-Xsrftoken": self._cookie.partition("=")[2].strip('"'),
        }

    async def _listen(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for raw in self._socket:
                self._read(ForwardMsg.FromString(bytes(raw) if isinstance(raw, bytes) else b""))

    def _read(self, message: Any) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self.session_id = message.new_session.initialize.session_id
            case "navigation":
                self._page_hash = message.navigation.page_script_hash
            case "delta" if message.delta.WhichOneof("type") == "new_element":
                self._read_element(message.delta.new_element)
            case "script_finished":
                self._ran.set()

    def _read_element(self, element: Any) -> None:
        match element.WhichOneof("type"):
            case "button":
                self.buttons[element.button.label] = element.button.id
            case "imgs":
                self.pictures += [image.url for image in element.imgs.imgs]
            case "alert":
                self.texts.append(element.alert.body)


def form(data: bytes, name: str = "a.jpg") -> bytes:
    """A file as the body of a form."""
    head = (
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
