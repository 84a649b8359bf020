"""The alerts page: its receiver verifies what is sent, and its objects are those that are sent."""

import json
import re
from typing import Any

from maskdet_core.alerts.webhook import secret_key, signed_headers
from testbed.repository import REPO_ROOT
from tests.core.alerts.alerts import message
from tests.docs.markdown import examples

PAGE = REPO_ROOT / "docs" / "alerts.md"
SECRET = "whsec_" + 10 * "bWFz"


def is_genuine(*arguments: Any) -> bool:
    (block,) = examples(PAGE)
    names: dict[str, Any] = {}
    exec(compile(block.code, block.label, "exec"), names)
    return bool(names["is_genuine"](*arguments))


def objects(page: str) -> list[dict[str, Any]]:
    text = (REPO_ROOT / "docs" / page).read_text(encoding="utf-8")
    lines = re.findall(r'^\{"schema".*\}$', text, re.MULTILINE)
    return [json.loads(line) for line in lines]


def test_the_pages_receiver_knows_what_is_genuine() -> None:
    body = json.dumps(message().to_json()).encode()
    headers = dict(signed_headers("msg_1", 1_800_000_000, body, secret_key(SECRET)))
    assert is_genuine(headers, body, SECRET, 1_800_000_010)
    assert not is_genuine(headers, body.replace(b"no_mask", b"no_musk"), SECRET, 1_800_000_010)
    assert not is_genuine(headers, body, SECRET, 1_800_009_000)
    assert not is_genuine(headers | {"webhook-id": "msg_2"}, body, SECRET, 1_800_000_010)
    assert not is_genuine(headers, body, SECRET)


def test_the_documented_objects_have_the_keys_that_are_sent() -> None:
    sent = message().to_json()
    (on_page,) = objects("alerts.md")
    assert list(on_page) == list(sent)
    assert on_page["people"].keys() == sent["people"].keys()
    lines = objects("command-line.md")
    assert [line["type"] for line in lines] == ["status", "people", "alert"]
    expected = {"type", *sent} - {"picture_jpeg_base64"}
    assert set(lines[2]) == expected


def test_every_name_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in message().to_json() if f"`{name}`" not in text] == ["event"]
