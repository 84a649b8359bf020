"""The JSON Schemas of what the API sends, as in the command line's reports."""

from typing import Any, Final

from maskdet_core import Verdict

Schema = dict[str, Any]
_PROBABILITY: Final[Schema] = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_PROBABILITIES: Final[dict[str, Schema]] = {
    "p_with_mask": {
        **_PROBABILITY,
        "description": "Probability of a mask that covers mouth and nose, given a face. Null if "
        "the network failed.",
    },
    "p_worn_wrong": {
        **_PROBABILITY,
        "description": "Of a mask that leaves nose or mouth free; 0 with a network of two classes.",
    },
    "p_without_mask": {**_PROBABILITY, "description": "Of no mask."},
}
_SIZE: Final[Schema] = {"type": ["integer", "null"], "minimum": 1}
_VERDICT: Final[Schema] = {
    "type": "string",
    "enum": [verdict.value for verdict in Verdict],
    "description": "The rule's answer; `not_sure` where no class reaches the threshold.",
}


def _object(description: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


SCHEMAS: Final[dict[str, Schema]] = {
    "Face": _object(
        "One face of a photo.",
        box_xywh={
            "type": "array",
            "items": {"type": "integer"},
            "minItems": 4,
            "maxItems": 4,
            "description": "Left, top, width and height in px of the upright photo.",
        },
        verdict=_VERDICT,
        **_PROBABILITIES,
    ),
    "Photo": _object(
        "A checked photo, or one entry of a form that cannot be used and says why.",
        path={"type": "string", "description": "Name that the client gave; may be empty."},
        width={**_SIZE, "description": "Of the upright photo, px; null with an error."},
        height={**_SIZE, "description": "Of the upright photo, px; null with an error."},
        faces={
            "type": "array",
            "items": {"$ref": "#/components/schemas/Face"},
            "description": "Highest score of the finder first.",
        },
        n_unjudged={
            "type": "integer",
            "minimum": 0,
            "description": "Faces beyond the 50 that are classified.",
        },
        annotated={"type": "null", "description": "Of the command line alone."},
        error={"type": ["string", "null"], "description": "Why the photo cannot be used."},
    ),
    "Crop": _object(
        "A picture that is one face, with its verdict.",
        path={"type": "string", "description": "Name that the client gave; may be empty."},
        verdict={
            **_VERDICT,
            "type": ["string", "null"],
            "enum": [*_VERDICT["enum"], None],
            "description": "Null with an error.",
        },
        **_PROBABILITIES,
        error={
            "type": ["string", "null"],
            "description": "Why there is no verdict, such as `no face crop: …`.",
        },
    ),
    "Model": _object(
        "The network in use.",
        name=_text("Of the network."),
        sha256=_text("Checksum of its file, 64 hex digits."),
        size_bytes={"type": "integer", "minimum": 1, "description": "Size of its file."},
        architecture=_text("For people."),
        quantization=_text("`int8` or `none`."),
        input_size_px={"type": "integer", "minimum": 1, "description": "Side of a crop."},
        verdicts={
            "type": "array",
            "items": {"enum": _VERDICT["enum"]},
            "description": "Verdicts that it can give.",
        },
        min_confidence={
            "type": "number",
            "minimum": 0.5,
            "exclusiveMaximum": 1,
            "description": "Threshold unless a request names another.",
        },
        two_classes={
            "type": "boolean",
            "description": "Whether a mask worn wrong counts as no mask unless a request says.",
        },
        version=_text("Of Maskdet."),
    ),
    "Health": _object(
        "The server works.",
        status={"const": "ok", "description": "Anything else is a problem with status 503."},
        version=_text("Of Maskdet."),
    ),
    "Problem": _object(
        "What is wrong with a request, by RFC 9457.",
        type={
            "type": "string",
            "format": "uri-reference",
            "description": "Names the kind of problem and never changes; leads to its explanation.",
        },
        title=_text("Of the kind of problem."),
        status={"type": "integer", "description": "HTTP status."},
        detail=_text("About this occurrence."),
        instance={
            "type": "string",
            "format": "uri-reference",
            "description": "Path of the request.",
        },
    ),
}
"""By name."""
