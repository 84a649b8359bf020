"""Uploaded photos stay in memory: Starlette would write those above 1 MB to a temporary file."""

from typing import Final

from starlette.formparsers import MultiPartParser
from streamlit import config

_MIB: Final = 2**20
_FORM_BYTES: Final = 2 * _MIB
"""More than Streamlit allows for the form around a file."""


def keep_uploads_in_memory() -> None:
    """Let the form parser keep any upload that Streamlit accepts in memory.

    The memory is bounded by `maskdet_app.ops.limits.upload_quota`.

    Raises:
        RuntimeError: this Starlette has no such setting.
    """
    if not hasattr(MultiPartParser, "spool_max_size"):
        raise RuntimeError(
            "Starlette's MultiPartParser has no spool_max_size: photos would be "
            "written to temporary files"
        )
    MultiPartParser.spool_max_size = max_upload_bytes() + _FORM_BYTES


def max_upload_bytes() -> int:
    """Size of the largest file that Streamlit accepts."""
    return int(config.get_option("server.maxUploadSize")) * _MIB
