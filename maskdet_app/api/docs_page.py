"""The OpenAPI document as a page: drawn on the server, without scripts, from nowhere else."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from maskdet_app.api.problems import KINDS, anchor
from maskdet_app.ui.layout import theme, typefaces

_PAGE: Final = Path(__file__).with_name("docs_page.html")
_CODE: Final = re.compile(r"`([^`]+)`")


def html(document: Mapping[str, Any]) -> str:
    """The page.

    Args:
        document: an OpenAPI document of this API.
    """
    info, base = document["info"], document["servers"][0]["url"]
    app = base.removesuffix("/api/v1")
    parts = [f"<h1>{escape(info['title'])} HTTP API</h1>"]
    parts += [f"<p>{_text(paragraph)}</p>" for paragraph in info["description"].split("\n\n")]
    parts.append(
        f"<p>Version {escape(info['version'])}. The same as an OpenAPI 3.1 document: "
        f'<a href="{escape(base)}/openapi.json"><code>openapi.json</code></a>.</p>'
    )
    parts.append('<h2 id="operations">Operations</h2>')
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts += _operation(base + path, method, operation)
    parts += ['<h2 id="keys">Keys</h2>', _keys(document["components"]["securitySchemes"])]
    parts.append('<h2 id="objects">Objects</h2>')
    for name, schema in document["components"]["schemas"].items():
        parts += [f'<h3 id="{escape(name)}">{escape(name)}</h3>', _schema(name, schema)]
    parts += ['<h2 id="problems">Problems</h2>', *_problems()]
    return _template().substitute(
        app=escape(f"{app}/"),
        content="\n".join(parts),
        fonts=typefaces.font_faces(app),
        logo=theme.logo_svg("currentColor"),
    )


@cache
def _template() -> Template:
    return Template(_PAGE.read_text(encoding="utf-8"))


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterable[str]:
    name = operation["operationId"]
    yield (
        f'<h3 id="{escape(name)}"><span class="method {method}">{method.upper()}</span> '
        f"<code>{escape(path)}</code></h3><p><strong>{_text(operation['summary'])}.</strong> "
        f"{_text(operation.get('description', ''))}</p>"
    )
    if "requestBody" in operation:
        command = f"curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' HOST{path}"
        batch = f"curl -F file=@a.jpg -F file=@b.jpg HOST{path}"
        yield f'<pre tabindex="0"><code>{escape(command)}\n{escape(batch)}</code></pre>'
        types = ", ".join(f"`{one}`" for one in operation["requestBody"]["content"])
        yield f"<p>Types of the body: {_text(types)}.</p>"
    parameters = operation.get("parameters", ())
    if parameters:
        yield _table(
            f"Options of {name}, in the query",
            ("option", "values", "meaning"),
            (
                (f"`{one['name']}`", _values(one["schema"]), one["description"])
                for one in parameters
            ),
        )
    yield _table(
        f"Answers of {name}",
        ("status", "meaning"),
        ((status, one["description"]) for status, one in operation["responses"].items()),
    )


def _keys(schemes: Mapping[str, Any]) -> str:
    ways = " or ".join(scheme["description"] for scheme in schemes.values())
    return f"<p>{_text(f'Where the server has keys, a request needs one: {ways}.')}</p>"


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    rows = (
        (f"`{member}`", _values(one), one.get("description", ""))
        for member, one in schema["properties"].items()
    )
    return f"<p>{_text(schema['description'])}</p>" + _table(
        f"Members of {name}", ("name", "values", "meaning"), rows
    )


def _values(schema: Mapping[str, Any]) -> str:
    """What a value may be, in words."""
    if "$ref" in schema:
        return f"{schema['$ref'].rpartition('/')[2]} object"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = " or ".join(kinds)
    if "items" in schema:
        words += " of: " + _values(schema["items"])
    bounds = [
        f"{sign} {schema[name]}"
        for name, sign in (("minimum", "≥"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if name in schema
    ]
    return ", ".join([words, *bounds])


def _problems() -> Iterable[str]:
    yield (
        "<p>"
        + _text("Bodies of type `application/problem+json`, see the object Problem. Kinds:")
        + "</p>"
    )
    for kind in KINDS:
        yield (
            f'<h3 id="{anchor(kind)}">{kind.status} {escape(kind.title)}</h3>'
            f"<p><code>{escape(kind.code)}</code>. {_text(kind.remedy)}</p>"
        )


def _table(label: str, head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    def cells(row: Iterable[str]) -> str:
        first, *others = row
        return f'<th scope="row">{_text(first)}</th>' + "".join(
            f"<td>{_text(cell)}</td>" for cell in others
        )

    heads = "".join(f'<th scope="col">{_text(one)}</th>' for one in head)
    body = "".join(f"<tr>{cells(row)}</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(label)}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _text(text: str) -> str:
    """Text with `code` in it, as HTML."""
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))
