"""The OpenAPI document is valid, says what the API answers, and is drawn without scripts."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from maskdet_app.api import docs_page, openapi
from maskdet_app.api.problems import KINDS
from maskdet_app.ops.settings.api_settings import ApiSettings
from maskdet_app.ui.layout import typefaces
from maskdet_core import ModelError
from tests.app.api.fakes import FAIL, JPEG, KEY, SHORT, Served, form, json_of
from tests.app.conftest import jpeg
from tests.app.server.asgi_client import Response

DOCUMENT = openapi.document()
OFFICIAL = Path(__file__).with_name("openapi-3.1.json")
"""Of https://spec.openapis.org/oas/3.1/schema/2022-10-07, Apache License 2.0."""


def schema_of(path: str, answer: Response) -> dict[str, Any]:
    """The schema that the document names for an answer."""
    (operation,) = DOCUMENT["paths"][f"/{path}"].values()
    media_type = answer.headers["content-type"].partition(";")[0]
    found = operation["responses"][str(answer.status)]["content"][media_type]["schema"]
    return {**found, "components": DOCUMENT["components"]}


def conforms(path: str, answer: Response, value: Any = None) -> None:
    validator = jsonschema.Draft202012Validator(schema_of(path, answer))
    validator.validate(json_of(answer) if value is None else value)


def test_the_document_is_valid() -> None:
    official = json.loads(OFFICIAL.read_text(encoding="utf-8"))
    # what the specification's schema leaves to the dialect of JSON Schema
    jsonschema.Draft202012Validator(official).validate(DOCUMENT)
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    references = re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(DOCUMENT))
    assert set(references) <= set(DOCUMENT["components"]["schemas"])


def test_an_invalid_document_would_be_seen() -> None:
    official = json.loads(OFFICIAL.read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(official).validate({**DOCUMENT, "openapi": "4"})


def test_real_answers_conform() -> None:
    served = Served()
    for path in ("check", "classify"):
        body, headers = form(jpeg(), b"none", FAIL, SHORT)
        batch = served.request(path, headers=headers, body=[body])
        assert sum(row["error"] is not None for row in json_of(batch)) >= 3
        conforms(path, batch)
        conforms(path, served.request(path, headers=JPEG, body=[jpeg()]))
        lines = served.request(
            path, headers={**headers, "accept": "application/x-ndjson"}, body=[body]
        )
        for line in lines.body.decode().splitlines():
            conforms(path, lines, json.loads(line))
        for data in (b"none", SHORT, b""):
            answer = served.request(path, headers=JPEG, body=[data])
            assert answer.status >= 400
            conforms(path, answer)
        conforms(path, served.request(path, headers={"content-type": "a/b"}, body=[b"x"]))
    for path in ("model", "health"):
        conforms(path, served.get(path))
        conforms(path, served.get(path, client="192.0.2.7"))
    keyed = Served(ApiSettings(keys=(KEY,), max_bytes=5))
    conforms("check", keyed.check(jpeg()))
    conforms("check", keyed.check(jpeg(), headers={"x-api-key": KEY}))
    conforms("check", Served(error=ModelError("gone")).check(jpeg()))


def test_an_answer_with_another_member_would_be_seen() -> None:
    answer = Served().get("health")
    with pytest.raises(jsonschema.ValidationError):
        conforms("health", answer, {**json_of(answer), "more": 1})


def test_the_document_is_served_without_a_key() -> None:
    served = Served(ApiSettings(keys=(KEY,)))
    assert json_of(served.get("openapi.json", client="192.0.2.7")) == DOCUMENT


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href"):
                self.addresses.append(value or "")


def test_the_page_loads_nothing_and_explains_every_problem() -> None:
    answer = Served().get("docs", client="192.0.2.7", host="maskdet.example")
    assert answer.status == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    text = answer.body.decode()
    page = _Page()
    page.feed(text)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not [one for one in page.addresses if "//" in one]
    # the app's typefaces, from the app's own server
    assert "font-src 'self'" in answer.headers["content-security-policy"]
    fonts = re.findall(r'url\("/([^"]+)"\)', text)
    assert len(fonts) == len(typefaces.FAMILIES)
    assert all((typefaces.STATIC / font).is_file() for font in fonts)
    assert text.count("url(") == len(fonts)
    assert len(page.ids) == len(set(page.ids))
    assert {f"problem-{kind.code}" for kind in KINDS} <= set(page.ids)
    for path in DOCUMENT["paths"]:
        assert f"/api/v1{path}" in text
    for schema in DOCUMENT["components"]["schemas"].values():
        for name in schema["properties"]:
            assert f"<code>{name}</code>" in text


def test_texts_of_the_document_are_no_markup() -> None:
    hostile = {**DOCUMENT, "info": {**DOCUMENT["info"], "description": "<script>&`<b>`"}}
    text = docs_page.html(hostile)
    assert "&lt;script&gt;&amp;<code>&lt;b&gt;</code>" in text
