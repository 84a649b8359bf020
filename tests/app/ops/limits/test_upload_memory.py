import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser

from maskdet_app.ops.limits import upload_memory
from testbed.visitors.session import BOUNDARY, form


async def _in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


def parse(n_bytes: int) -> None:
    """Parse the form of an upload, as Streamlit does."""
    headers = Headers({"content-type": f"multipart/form-data; boundary={BOUNDARY}"})
    parser = MultiPartParser(headers, _in_pieces(form(bytes(n_bytes))))  # type: ignore[arg-type]
    upload: Any = asyncio.run(parser.parse())["file"]
    assert upload.size == n_bytes
    upload.file.close()


@pytest.fixture
def rolled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Gets an entry whenever an upload is written to a temporary file."""
    found: list[str] = []
    original = tempfile.SpooledTemporaryFile.rollover

    def rollover(self: Any) -> None:
        found.append("rolled")
        original(self)

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rollover)
    return found


def test_largest_upload_stays_in_memory(rolled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 2**20)
    upload_memory.keep_uploads_in_memory()
    parse(upload_memory.max_upload_bytes())
    assert rolled == []


def test_guard_is_still_needed(rolled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 2**20)
    parse(2 * 2**20)
    assert rolled == ["rolled"]


def test_starlette_without_the_setting_prevents_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(MultiPartParser, "spool_max_size")
    with pytest.raises(RuntimeError, match="spool_max_size"):
        upload_memory.keep_uploads_in_memory()
