"""The OpenAPI 3.1 document of the API."""

from typing import Any, Final

from maskdet_app.api import options, problems
from maskdet_app.api.answers import LINES
from maskdet_app.api.bodies import FORM, MAX_PICTURES
from maskdet_app.api.problems import Kind
from maskdet_app.api.schemas import SCHEMAS
from maskdet_app.ops.settings import api_settings
from maskdet_core.detector import MIN_FACE_PX
from maskdet_core.pictures.image_limits import MAX_BYTES
from maskdet_core.version import __version__

_PICTURE_TYPES: Final = (
    *("image/jpeg", "image/png", "image/webp", "image/heic", "image/avif"),
    "application/octet-stream",
)
_ALWAYS: Final = (problems.API_OFF, problems.CROSS_SITE, problems.KEY_NEEDED, problems.TOO_MANY)
_JUDGING: Final = (
    *(*_ALWAYS, problems.TOO_LARGE, problems.MEDIA, problems.MALFORMED, problems.PICTURE),
    *(problems.BUSY, problems.NO_MODEL, problems.FAILED),
)
_DESCRIPTION: Final = """\
Finds the faces in photos and tells for each whether it wears a mask. Pictures are kept in memory \
for the time of the request, and are neither stored nor logged.

Without keys the server answers programs on its own machine only. An operator can set keys; then \
every request needs one. Pages of other sites are refused in any case, and no response allows \
them to read it."""


def document() -> dict[str, Any]:
    """The document, in JSON types; for this server's base path."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Maskdet",
            "version": __version__,
            "summary": "Who wears a face mask",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": api_settings.base_url()}],
        "security": [{}, {"bearer": []}, {"header": []}],
        "paths": {
            "/check": {
                "post": _judging(
                    "check",
                    "Find the faces of whole photos and classify each",
                    "Photo",
                    options.CHECK,
                )
            },
            "/classify": {
                "post": _judging(
                    "classify",
                    "Classify pictures that already are one face",
                    "Crop",
                    options.COMMON,
                )
            },
            "/model": {"get": _reading("model", "The network in use", "Model", problems.NO_MODEL)},
            "/health": {
                "get": _reading("health", "Whether the server works", "Health", problems.BUSY)
            },
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`Authorization: Bearer KEY`",
                },
                "header": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "`X-API-Key: KEY`",
                },
            },
        },
    }


def _reading(name: str, summary: str, schema: str, *kinds: Kind) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {
                "description": SCHEMAS[schema]["description"],
                "content": {"application/json": {"schema": _ref(schema)}},
            },
            **_problems(*_ALWAYS, *kinds),
        },
    }


def _judging(name: str, summary: str, schema: str, known: tuple[str, ...]) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    return {
        "operationId": name,
        "summary": summary,
        "description": (
            "Send one picture as the body, or a form of files. JPEG, PNG, WebP, HEIC and AVIF of "
            f"up to {MAX_BYTES // 1_000_000} MB each are read. One picture is answered with an "
            "object, or with a problem if it cannot be used. A form is answered with the objects "
            "of its files in their order, each as soon as it is known; one that cannot be used "
            "has its reason in `error`. If the client goes away, the work ends."
        ),
        "parameters": [_PARAMETERS[option] for option in known],
        "requestBody": {
            "required": True,
            "content": {
                **dict.fromkeys(_PICTURE_TYPES, binary),
                FORM: {
                    "schema": {
                        "type": "object",
                        "description": f"1 to {MAX_PICTURES} files; names of fields are free.",
                        "additionalProperties": {"type": "array", "items": file},
                    }
                },
            },
        },
        "responses": {
            "200": {
                "description": f"{SCHEMAS[schema]['description']} An array for a form, or one "
                f"object a line where the request accepts `{LINES}`.",
                "content": {
                    "application/json": {
                        "schema": {
                            "oneOf": [_ref(schema), {"type": "array", "items": _ref(schema)}]
                        }
                    },
                    LINES: {"schema": _ref(schema)},
                },
            },
            **_problems(*_JUDGING),
        },
    }


def _ref(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


def _problems(*kinds: Kind) -> dict[str, Any]:
    by_status: dict[int, list[Kind]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    found = {}
    for status in sorted(by_status):
        titles = "; ".join(f"{kind.title} (`{kind.code}`)" for kind in by_status[status])
        found[str(status)] = {
            "description": titles,
            "content": {problems.MEDIA_TYPE: {"schema": _ref("Problem")}},
        }
        if status in (429, 503):
            found[str(status)]["headers"] = {
                "Retry-After": {
                    "description": "Seconds after which another try may succeed.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            }
    return found


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_PARAMETERS: Final = {
    "min_confidence": _parameter(
        "min_confidence",
        "Least confidence for a verdict; the network's threshold by default.",
        {"type": "number", "minimum": 0.5, "exclusiveMaximum": 1},
    ),
    "two_classes": _parameter(
        "two_classes",
        "Count a mask worn wrong as no mask; by default as the server is set up.",
        {"type": "boolean"},
    ),
    "min_face": _parameter(
        "min_face",
        "Least height of a face in px; by default 1/24 of the photo's long side and at least "
        f"{MIN_FACE_PX}.",
        {"type": "integer", "minimum": MIN_FACE_PX, "maximum": options.MAX_FACE_PX},
    ),
    "name": _parameter(
        "name",
        "Name of a picture that is sent alone, for `path` in the answer.",
        {"type": "string", "maxLength": options.MAX_NAME_CHARS, "default": ""},
    ),
}
