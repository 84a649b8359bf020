"""What goes wrong with a request, as problem details (RFC 9457)."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from maskdet_app.ops.settings import api_settings

MEDIA_TYPE: Final = "application/problem+json"
NO_STORE: Final = {"Cache-Control": "no-store"}
"""Answers are about people's faces: nothing between server and client may keep them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem.

    Attributes:
        code: the last part of its ``type`` URI; never changes.
        status: HTTP status.
        title: the same for every occurrence.
        remedy: what the client can do, for the documentation.
    """

    code: str
    status: int
    title: str
    remedy: str


API_OFF: Final = Kind(
    "api-off",
    403,
    "The API is off for you",
    "This server has no keys, so it answers programs on its own machine alone, under the name "
    "localhost or a loopback address, and not through a proxy. Its operator can set keys.",
)
CROSS_SITE: Final = Kind(
    "cross-site",
    403,
    "A page of another site may not use this API",
    "Call the API from a program, or from a page of this server.",
)
KEY_NEEDED: Final = Kind(
    "key-needed",
    401,
    "A valid key is needed",
    "Send one of the server's keys as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
)
NOT_FOUND: Final = Kind(
    "not-found", 404, "There is no such resource", "The operations are listed above."
)
METHOD: Final = Kind(
    "method-not-allowed", 405, "The method is not allowed", "`Allow` names those that are."
)
TOO_LARGE: Final = Kind(
    "too-large",
    413,
    "The request is too large",
    "Send fewer pictures in one request.",
)
MEDIA: Final = Kind(
    "media-type",
    415,
    "The type of the body is not supported",
    "Send one picture with `Content-Type: image/…` or `application/octet-stream`, or several as "
    "`multipart/form-data`.",
)
MALFORMED: Final = Kind(
    "malformed", 422, "The request is malformed", "`detail` says what was expected."
)
PICTURE: Final = Kind(
    "picture-refused",
    422,
    "The picture cannot be used",
    "`detail` says why. In a form it would be the `error` of its entry.",
)
TOO_MANY: Final = Kind(
    "too-many-requests", 429, "Too many requests", "Wait as many seconds as `Retry-After` says."
)
BUSY: Final = Kind("busy", 503, "The server is busy", "Wait as many seconds as `Retry-After` says.")
NO_MODEL: Final = Kind(
    "no-model",
    503,
    "The server has no usable network",
    "Its log has the reason for the operator.",
)
FAILED: Final = Kind("failed", 500, "The server failed", "Report it to the operator.")
KINDS: Final = (
    *(API_OFF, CROSS_SITE, KEY_NEEDED, NOT_FOUND, METHOD, TOO_LARGE, MEDIA, MALFORMED, PICTURE),
    *(TOO_MANY, BUSY, NO_MODEL, FAILED),
)


class ProblemError(Exception):
    """A request that cannot be answered as asked."""

    def __init__(
        self, kind: Kind, detail: str, *, wait_s: float = 0.0, headers: Mapping[str, str] = {}
    ) -> None:
        """Describe the problem.

        Args:
            kind: what kind it is.
            detail: about this occurrence; holds no path, setting or picture.
            wait_s: seconds after which another try may succeed; 0 for no such time.
            headers: further headers of the response.
        """
        super().__init__(detail)
        self.kind, self.detail = kind, detail
        self.headers = {
            **NO_STORE,
            **headers,
            **({"Retry-After": str(max(1, math.ceil(wait_s)))} if wait_s else {}),
        }

    def response(self, instance: str) -> Response:
        """The response.

        Args:
            instance: names the request: its path without the query, which may hold a name.
        """
        body = {
            "type": type_uri(self.kind),
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": instance,
        }
        return Response(
            json.dumps(body, ensure_ascii=False),
            self.kind.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def anchor(kind: Kind) -> str:
    """Where the documentation page explains a kind."""
    return f"problem-{kind.code}"


def type_uri(kind: Kind) -> str:
    """The ``type`` of a kind: its place on the server's documentation page."""
    return f"{api_settings.base_url()}/docs#{anchor(kind)}"
