"""A visitor without a browser who uploads photos to the photo page."""

import asyncio
import time
import uuid
from typing import Any, Final, Self

from streamlit.proto.Common_pb2 import FileUploaderState

from testbed.visitors.session import BOUNDARY, form, request
from testbed.visitors.visitor import Visitor

UPLOADER: Final = "photos-0"
"""Key of the page's uploader before the first removal."""
_POLL_S: Final = 0.05


class PhotoVisitor(Visitor):
    """One visitor of the photo page."""

    def __init__(self, port: int, *, address: str = "") -> None:
        """Prepare; `async with` opens the page. Arguments as for `Visitor`."""
        super().__init__(port, page="photo", address=address)
        self._uploaded = FileUploaderState()

    async def __aenter__(self) -> Self:
        """Open the page and wait until it is drawn."""
        answer = await asyncio.to_thread(request, self._port, "GET", "/_stcore/health")
        self._cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        return await super().__aenter__()

    async def check(self, name: str, data: bytes, timeout_s: float) -> str:
        """Upload a photo and wait until the page shows its result.

        Args:
            name: file name.
            data: its content.
            timeout_s: most time for the result.

        Returns:
            "decoded", "refused: …" with the page's words, or "failed: …" where no result came.
        """
        file_id = str(uuid.uuid4())
        path = f"/_stcore/upload_file/{self.session_id}/{file_id}"
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Cookie": self._cookie,
            "X-Xsrftoken": self._cookie.partition("=")[2].strip('"'),
        }
        if self._address:
            headers["X-Forwarded-For"] = self._address
        answer = await asyncio.to_thread(
            request, self._port, "PUT", path, form(data, name), headers
        )
        if answer.status != 204:
            return f"refused: status {answer.status}"
        info = self._uploaded.uploaded_file_info.add(name=name, size=len(data), file_id=file_id)
        info.file_urls.file_id = file_id
        info.file_urls.upload_url = info.file_urls.delete_url = path
        self.set_widget(UPLOADER, file_uploader_state_value=self._uploaded)
        await self.rerun()
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if outcome := self._outcome():
                return outcome
            await asyncio.sleep(_POLL_S)
        return f"failed: no result within {timeout_s:.0f} s"

    def _outcome(self) -> str:
        elements: list[Any] = [element.proto for element in self.tree.elements()]
        for element in elements:
            if element.WhichOneof("type") == "alert" and "broken_image" in element.alert.icon:
                return f"refused: {element.alert.body}"
            if element.WhichOneof("type") == "exception":
                return f"failed: {element.exception.type}"
        # the picture with its frames, drawn last
        if any(element.WhichOneof("type") == "imgs" for element in elements):
            return "decoded"
        return ""
